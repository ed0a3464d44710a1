"""The results of a study as a picture: a panel for each measure, a dot for each run, lines between equal seeds.

Measures that were asked for by one pattern, such as one of every district, share a panel.

matplotlib is an extra (`plot`); it is loaded when something is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
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
    panels = _panels(table.rows)
    if len(panels) > MOST_PANELS:
        raise UsageError(f"expected at most {MOST_PANELS} measures in a picture, found {len(panels)}")
    columns = min(COLUMNS, len(panels))
    height = -(-len(panels) // columns)
    size = columns * _PANEL_IN[0], height * _PANEL_IN[1] + 0.6
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    for n, rows in enumerate(panels):
        axes = figure.add_subplot(height, columns, n + 1)
        if rows[0].family is None:
            _panel(axes, rows[0])
        else:
            _family(axes, rows, rows[0].family.title)
    caption = f"{table.study.name}: a dot is a run, a line joins runs of the same seed, a bar is the median"
    figure.suptitle(fill(caption, 36 * columns), fontsize=11)
    return figure


def _panels(rows: Sequence[Row]) -> list[list[Row]]:
    """What goes into each panel: a row by itself, or those of a family."""
    panels: dict[str, list[Row]] = {}
    for row in rows:
        panels.setdefault((row.family or row.measure).name, []).append(row)
    return list(panels.values())


def _family(axes: Axes, rows: Sequence[Row], title: str) -> None:
    """The members beside each other; for each label the median, and a line from the least to the most."""
    labels = list(rows[0].spreads)
    _frame(axes, title.replace("*", "each"), [row.member for row in rows])
    axes.tick_params(axis="x", rotation=60, labelsize=7)
    for k, label in enumerate(labels):
        aside = 0.5 * ((k + 0.5) / len(labels) - 0.5)
        name: str | None = label
        for n, row in enumerate(rows):
            spread = row.spreads[label]
            if spread is not None:
                x, colour = n + aside, _COLOURS[k % len(_COLOURS)]
                axes.plot([x, x], [spread.least, spread.most], color=colour, linewidth=1.2)
                axes.plot([x], [spread.median], "o", color=colour, markersize=3.5, label=name)
                name = None  # The legend names each label once.
    axes.legend(
        fontsize=6.5, frameon=False, loc="upper center", ncols=len(labels), columnspacing=0.8, handletextpad=0.1
    )
    values = [value for row in rows for spread in row.spreads.values() if spread for value in spread.values]
    _from_zero(axes, values, room=1.2)


def _panel(axes: Axes, row: Row) -> None:
    labels = list(row.spreads)
    _frame(axes, row.measure.title, labels)
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
    _from_zero(axes, [value for spread in full for value in spread.values])


def _frame(axes: Axes, title: str, ticks: Sequence[str]) -> None:
    axes.set_title(fill(title, 40), fontsize=9)
    axes.set_xticks(range(len(ticks)), ticks, fontsize=8)
    axes.set_xlim(-0.5, len(ticks) - 0.5)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _from_zero(axes: Axes, values: Sequence[float], room: float = 1.08) -> None:
    """Let the axis begin at 0 where nothing is below, and end at `room` times the most."""
    if min(values) >= 0.0 < max(values):
        axes.set_ylim(0.0, room * max(values))
