"""Writes the tables of `docs/tampering.md` from the registry of tamper primitives.

    python tools/tampering_page.py            # write the page anew
    python tools/tampering_page.py --check    # exit 1 if the page is not up to date

What stands between `<!-- made: FAMILY -->` and `<!-- /made -->` is made here; the prose around it is not touched.
"""

from __future__ import annotations

import re
import sys
from itertools import groupby

from fleet.sim.tampering import discover
from fleet.sim.tampering.primitive import AREA, Parameter, Primitive
from tools.made_pages import DOCS, filled, write

PAGE = DOCS / "tampering.md"
TARGETS = {
    "vehicle": "a vehicle",
    "vehicle-or-area": "a vehicle, or `area`",
    "site": "a site",
    "holder": "a holder of a key: `dispatch`, `authority`, `respond`",
    "city": "`city`",
    "city-or-area": "`city`, or `area`",
    "door": "a door of the bus",
    "anchor-or-area": "an anchor of the map, or `area`",
    "tag": "a tag: the id of a pickup that carries one",
    "vehicle-or-tag": "a vehicle, or a tag",
    "feeder": "a feeder of the scenario's grid",
    "site-or-zone": "a site, or a zone of the grid",
    "participant": "whoever has a link",
}
"""How the page names each kind of target."""


def parameter_rows(parameters: tuple[Parameter, ...]) -> list[str]:
    """A table of parameters; nothing where there are none."""
    if not parameters:
        return ["No parameters."]
    rows = ["| parameter | what | may be | unless given |", "|---|---|---|---|"]
    for p in parameters:
        default = "must be given" if p.default is None else f"{p.default:g}" if not p.words else str(p.default)
        rows.append(f"| `{p.name}` | {p.text} | {p.expected} | {default} |")
    return rows


def section(primitive: Primitive) -> list[str]:
    """All about one primitive."""
    return [
        f"#### {primitive.name}",
        "",
        primitive.text,
        "",
        f"- target: {TARGETS[primitive.target]}",
        f"- shows in: {primitive.where}",
        f"- `TamperEffect` measures: `{primitive.quantity}`",
        *([f"- labelled as: `{primitive.attack_class}`"] if primitive.attack_class != primitive.name else []),
        "",
        *parameter_rows(primitive.parameters),
        "",
    ]


def made() -> dict[str, str]:
    """What is made, by the name of its place."""
    found = discover().values()
    texts = {
        family: "\n".join(line for primitive in members for line in section(primitive))
        for family, members in groupby(found, key=lambda p: p.family)
    }
    overview = ["| primitive | target | parameters | measured as |", "|---|---|---|---|"]
    for p in found:
        names = ", ".join(f"`{q.name}`" for q in p.parameters) or "none"
        anchor = p.name.replace(".", "")
        overview.append(f"| [{p.name}](#{anchor}) | {TARGETS[p.target]} | {names} | `{p.quantity}` |")
    return {**texts, "overview": "\n".join(overview), "area": "\n".join(parameter_rows(AREA))}


def renewed(page: str) -> str:
    """The page with all that is made, made anew. Raises `SystemExit` where a place is missing or unknown."""
    texts = made()
    places = set(re.findall(r"<!-- made: ([\w-]+) -->", page))
    if places != texts.keys():
        raise SystemExit(f"{PAGE.name}: places and families differ: {sorted(places ^ texts.keys())}")
    return filled(page, {name: text.rstrip() for name, text in texts.items()})


if __name__ == "__main__":
    sys.exit(write(PAGE, renewed))
