"""Checks a request against what its primitive takes: target and parameters, every fault of it at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fleet.base.errors import did_you_mean
from fleet.messages.tamper import StartTamper
from fleet.sim.tampering.primitive import AREA, AREA_WORD, CITY_WORD, Area, Parameter, Primitive


@dataclass(frozen=True)
class Names:
    """Whom and what a request may name."""

    vehicles: Collection[str]
    sites: Collection[str]


@dataclass(frozen=True)
class Checked:
    """Complete and sound parameters, or `cause` with all that is wrong."""

    numbers: Mapping[str, float]
    words: Mapping[str, str]
    area: Area | None
    cause: str


def check(primitive: Primitive, request: StartTamper, names: Names) -> Checked:
    """Hold a request against its primitive."""
    faults = _target_faults(primitive, request.target, names)
    known = {p.name: p for p in primitive.parameters_for(request.target)}
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}
    for name in sorted(request.parameters.keys() - known.keys()):
        hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
        faults.append(f"{name}: unknown parameter; {hint}")
    for parameter in known.values():
        found = request.parameters.get(parameter.name, parameter.default)
        fault = _fault(parameter, found)
        if fault:
            faults.append(fault)
        elif isinstance(found, str):
            words[parameter.name] = found
        elif found is not None:
            numbers[parameter.name] = float(found)
    area = None
    if known.keys() >= {p.name for p in AREA} and request.target == AREA_WORD and not faults:
        area = Area(*(numbers[p.name] for p in AREA))
    return Checked(numbers, words, area, "; ".join(faults))


def _fault(parameter: Parameter, found: float | str | None) -> str:
    """What is wrong with one parameter; "" for nothing."""
    if found is None:
        return f"{parameter.name}: expected {parameter.expected}, found none"
    # What is not finite is out of every range.
    if parameter.takes(found):
        return ""
    return f"{parameter.name}: expected {parameter.expected}, found {_shown(found)}"


def _shown(found: float | str) -> str:
    return repr(found[:40]) if isinstance(found, str) else f"{found:g}"


def _target_faults(primitive: Primitive, target: str, names: Names) -> list[str]:
    """What is wrong with the target. Of keys, anchors, tags, feeders the primitive itself knows."""
    match primitive.target:
        case "vehicle" | "vehicle-or-area":
            known, expected = names.vehicles, "a vehicle"
        case "site":
            known, expected = names.sites, "a site"
        case "city" | "city-or-area":
            known, expected = (CITY_WORD,), CITY_WORD
        case _:
            return []
    areas = primitive.target.endswith("-or-area")
    if target in known or (areas and target == AREA_WORD):
        return []
    hint = did_you_mean(target, sorted(known))
    expected += f" or {AREA_WORD}" if areas else ""
    return [f"target: expected {expected}, found {target[:40]!r}" + (f"; {hint}" if hint else "")]
