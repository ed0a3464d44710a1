"""`fleet inject --list`: every tamper primitive, what it takes, and where its effect shows."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from fleet.sim.tampering.primitive import AREA, AREA_WORD, Parameter, Primitive
from fleet.sim.tampering.registry import discover

WIDTH = 100
INDENT = " " * 4

_TARGETS = {
    "vehicle": "a vehicle",
    "vehicle-or-area": f"a vehicle, or {AREA_WORD}",
    "site": "a site",
    "holder": "a holder of keys",
    "city": "city",
    "city-or-area": f"city, or {AREA_WORD}",
    "door": "a door of the bus",
    "anchor-or-area": f"an anchor of the map, or {AREA_WORD}",
    "tag": "a tag: the id of a pickup that carries one",
    "vehicle-or-tag": "a vehicle, or a tag",
    "participant": "whoever has a link to the bus: a vehicle, a site, dispatch, ...",
}


def names() -> tuple[str, ...]:
    """The names of all primitives, sorted."""
    return tuple(discover())


def as_text() -> str:
    """All primitives, for people."""
    area = "\n".join(_item(p.name, _about(p)) for p in AREA)
    tail = f"On the target `{AREA_WORD}` a primitive takes besides:\n{area}"
    return "\n\n".join([*(_block(primitive) for primitive in discover().values()), tail])


def _block(primitive: Primitive) -> str:
    lines = [primitive.name, _wrapped(primitive.text, INDENT)]
    lines.append(_item("target", _TARGETS.get(primitive.target, primitive.target)))
    lines += [_item(parameter.name, _about(parameter)) for parameter in primitive.parameters]
    lines.append(_item("effect", f"{primitive.quantity}; {primitive.where}"))
    return "\n".join(lines)


def _item(name: str, text: str) -> str:
    return _wrapped(f"{name}: {text}", INDENT + "- ")


def _wrapped(text: str, lead: str) -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
    )


def _about(parameter: Parameter) -> str:
    default = parameter.default
    shown = f"{default:g}" if isinstance(default, float) else default
    return f"{parameter.text}; {parameter.expected}" + ("" if default is None else f"; {shown} unless given")


def as_json() -> str:
    """The same for programs."""
    return json.dumps({"primitives": [_facts(p) for p in discover().values()]}, indent=2, ensure_ascii=False)


def _facts(primitive: Primitive) -> dict[str, Any]:
    return {
        "name": primitive.name,
        "text": primitive.text,
        "target": primitive.target,
        "effect": primitive.quantity,
        "where": primitive.where,
        "parameters": [
            {"name": p.name, "text": p.text, "expected": p.expected, "default": p.default}
            for p in primitive.parameters
        ],
    }
