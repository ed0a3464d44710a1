"""The table of a study as aligned text, as Markdown, and put into a page between two marks."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from fleet.study.table import Row, Spread, Table, Versus

BEGIN, END = "<!-- made: study {name} -->", "<!-- /made -->"
NONE = "-"


def texts(values: Sequence[float]) -> list[str]:
    """Numbers as people read them beside each other: whole, or so that the largest has three digits that count.

    >>> texts((12345.6,)), texts((0.9512, 0.0417)), texts((3, 12.5)), texts((3, 4)), texts((0.0,))
    (['12,346'], ['0.951', '0.042'], ['3.0', '12.5'], ['3', '4'], ['0'])
    """
    size = max(abs(value) for value in values)
    whole = all(value == int(value) for value in values)
    places = 0 if whole else min(6, max(0, 2 - math.floor(math.log10(size))))
    return [f"{value:,.{places}f}" if value else "0" for value in values]


def spread_text(spread: Spread | None) -> str:
    """The median, and in brackets the least and the most.

    >>> spread_text(Spread((3.25, 3.5, 4.0))), spread_text(Spread((7.0,))), spread_text(None)
    ('3.50 (3.25 .. 4.00)', '7', '-')
    """
    if spread is None:
        return NONE
    median, least, most = texts((spread.median, spread.least, spread.most))
    return median if len(spread.values) == 1 else f"{median} ({least} .. {most})"


def _mean_text(spread: Spread | None) -> str:
    return NONE if spread is None else texts((spread.mean,))[0]


def _heads(table: Table) -> list[str]:
    first, *others = table.study.labels
    heads = ["measure"]
    for label in table.study.labels:
        heads += [label, "mean"]
    for label in others:
        heads += [f"{label} - {first}", f"{label} / {first}"]
    return heads


def _cells(row: Row) -> list[str]:
    cells = [row.measure.title]
    for spread in row.spreads.values():
        cells += [spread_text(spread), _mean_text(spread)]
    for versus in row.versus.values():
        cells += _versus_cells(versus)
    return cells


def _versus_cells(versus: Versus) -> list[str]:
    return [spread_text(versus.difference), spread_text(versus.ratio)]


def _caption(table: Table) -> str:
    seeds = table.study.seeds
    how = f"{len(seeds)} seeds ({', '.join(map(str, seeds))})" if len(seeds) > 1 else f"seed {seeds[0]}"
    return f"{table.study.name}, {how}, fleet {table.study.version}"


READING = "Median over the seeds (least .. most), and mean; differences and ratios are taken seed by seed."


def render(table: Table) -> str:
    """The table for a terminal, then what is missing."""
    rows = [_heads(table), *map(_cells, table.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = [_caption(table), READING, "", *(_aligned(row, widths) for row in rows)]
    lines += ["", *_missing(table)] if table.missing else []
    return "\n".join(lines) + "\n"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _missing(table: Table) -> list[str]:
    return [f"missing: {point.label}, seed {point.seed}: {why}" for point, why in table.missing]


def markdown(table: Table) -> str:
    """The table in Markdown, with a caption above it."""
    rows = [_heads(table), ["---"] * len(_heads(table)), *map(_cells, table.rows)]
    lines = [f"{_caption(table)}. {READING}", ""]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    lines += ["", *(f"- {line}" for line in _missing(table))] if table.missing else []
    return "\n".join(lines) + "\n"


def into_page(page: str, table: Table) -> str:
    """The page with this table between the marks of its study, all else as it was; without marks, at its end."""
    begin = BEGIN.format(name=table.study.name)
    made = f"{begin}\n\n{markdown(table)}\n{END}"
    marked = re.compile(re.escape(begin) + r"\n.*?" + re.escape(END), re.DOTALL)
    if marked.search(page):
        return marked.sub(lambda match: made, page, count=1)
    return f"{page.rstrip()}\n\n{made}\n".lstrip()
