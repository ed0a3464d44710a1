"""The results of a study as a picture: a panel for each measure, a point for each seed, lines between equal seeds.

matplotlib is an extra (`plot`); it is loaded when something is drawn.
"""

from __future__ import annotations

import io
from textwrap import fill
from typing import TYPE_CHECKING

from fleet.base.errors import UsageError
from fleet.study.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 40
COLUMNS = 4
_PANEL_IN = (3.1, 2.6)
_DPI = 100
_COLOURS = ("#0057d8", "#c44e00", "#0a6b3d", "#6f42c1", "#8a6d00", "#b03030")


def png(table: Table) -> bytes:
    """The table's rows as a PNG. Raises `UsageError` without matplotlib, or where there is nothing to draw."""
    figure = draw(table)
    buffer = io.BytesIO()
    # Without the program's version in it, the same table gives the same bytes wherever the fonts are the same.
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def draw(table: Table) -> Figure:
    """The same as a matplotlib figure."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise UsageError("drawing needs matplotlib: pip install 'fleet-orchestrator[plot]'") from None
    if not table.rows:
        raise UsageError("there is nothing to draw: no point of the study has any of these measures")
    if len(table.rows) > MOST_PANELS:
        raise UsageError(f"expected at most {MOST_PANELS} measures in a picture, found {len(table.rows)}")
    columns = min(COLUMNS, len(table.rows))
    rows = -(-len(table.rows) // columns)
    width, height = _PANEL_IN
    figure = Figure(figsize=(columns * width, rows * height + 0.6), dpi=_DPI, layout="constrained")
    for n, row in enumerate(table.rows):
        _panel(figure.add_subplot(rows, columns, n + 1), row)
    seeds = len(table.study.seeds)
    caption = (
        f"{table.study.name}: a dot is a run, a line joins runs of the same seed ({seeds}), a bar is the median"
    )
    figure.suptitle(fill(caption, 36 * columns), fontsize=11)
    return figure


def _panel(axes: Axes, row: Row) -> None:
    labels = list(row.spreads)
    axes.set_title(fill(row.measure.title, 40), fontsize=9)
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    spreads = [row.spreads[label] for label in labels]
    full = [spread for spread in spreads if spread is not None]
    if len({len(spread.values) for spread in full}) == 1 and len(full) == len(spreads) > 1:
        for same_seed in zip(*(spread.values for spread in full), strict=True):
            axes.plot(range(len(labels)), same_seed, color="#bbbbbb", linewidth=0.8, zorder=1)
    for n, spread in enumerate(spreads):
        if spread is None:
            continue
        colour = _COLOURS[n % len(_COLOURS)]
        axes.plot([n] * len(spread.values), spread.values, "o", color=colour, markersize=4.5, zorder=2)
        axes.plot([n - 0.2, n + 0.2], [spread.median] * 2, color=colour, linewidth=2.2, zorder=3)
    values = [value for spread in full for value in spread.values]
    if min(values) >= 0.0 < max(values):
        axes.set_ylim(0.0, 1.08 * max(values))
