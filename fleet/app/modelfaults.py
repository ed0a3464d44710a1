"""What pydantic found wrong, in plain words and at the place in the file.

One fault per mistake: where a value could be one of several things, the reports of all the arms of the union
are reduced to those of the arm that was most likely meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from fleet.app.modelshape import Spot, field_names, locate, value_at
from fleet.app.yamltree import Path, Places, shown
from fleet.base.errors import Fault, did_you_mean

_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class _Report:
    """One of pydantic's errors."""

    spot: Spot
    type: str
    ctx: Mapping[str, Any]
    message: str
    words: tuple[str, ...] = ()


def model_faults(error: ValidationError, model: type[BaseModel], data: Any, places: Places) -> list[Fault]:
    """Every fault in `error`, except at values that `places` knows to be unusable."""
    reports = []
    for raw in error.errors(include_url=False, include_input=False):
        ctx = raw.get("ctx", {})
        spot = locate(raw["loc"], model, data)
        if raw["type"] == "fault" and ctx.get("at"):
            spot = Spot((*spot.path, *ctx["at"]), False, None, spot.arms)
        if raw["type"] == "too_short" and _is_long_enough(value_at(data, spot.path)[1], ctx):
            continue
        words = tuple(_QUOTED.findall(str(ctx.get("expected_tags", ctx.get("expected", "")))))
        reports.append(_Report(spot, raw["type"], ctx, raw["msg"], words))
    faults = [_fault(r, data, places) for r in _settle(reports, 0) if not places.is_bad(r.spot.path)]
    return list(dict.fromkeys(faults))


def _is_long_enough(value: Any, ctx: Mapping[str, Any]) -> bool:
    """pydantic counts only the valid items of a list; the others have faults of their own."""
    return isinstance(value, list) and len(value) >= int(ctx["min_length"])


def _settle(reports: Sequence[_Report], level: int) -> list[_Report]:
    """Reduce the arms of each union at nesting `level`, outermost first, to the arm meant."""
    plain = [r for r in reports if len(r.spot.arms) <= level]
    unions: dict[Path, dict[str, list[_Report]]] = {}
    for report in reports:
        if len(report.spot.arms) > level:
            path, label = report.spot.arms[level]
            unions.setdefault(path, {}).setdefault(label, []).append(report)
    for path, arms in unions.items():
        plain += _choose(path, {label: _settle(arm, level + 1) for label, arm in arms.items()})
    return plain


def _choose(path: Path, arms: Mapping[str, list[_Report]]) -> list[_Report]:
    """The reports of one union: those of the arm whose shape and whose literals fit best."""
    fitting = [arm for arm in arms.values() if all(len(r.spot.path) > len(path) for r in arm)]
    if not fitting:
        # No arm has the shape of what is there: one report, with what each of them expects.
        first = [arm[0] for arm in arms.values()]
        if len(first) == 1:
            return next(iter(arms.values()))
        expected = " or ".join(dict.fromkeys(_expected(r) for r in first))
        words = tuple(word for r in first for word in r.words)
        return [_Report(first[0].spot, "one_of", {"expected": expected}, "", words)]
    wrong = [{r.spot.path: r for r in arm if r.type == "literal_error"} for arm in fitting]
    shared = [place for place in wrong[0] if all(place in other for other in wrong)]
    if shared and len(fitting) > 1:
        words = tuple(dict.fromkeys(word for other in wrong for word in other[shared[0]].words))
        return [_Report(wrong[0][shared[0]].spot, "literal_error", {}, "", words)]
    return min(fitting, key=lambda arm: (any(r.type == "literal_error" for r in arm), len(arm)))


def _fault(report: _Report, data: Any, places: Places) -> Fault:
    path, kind = report.spot.path, report.type
    expected = _expected(report)
    if kind == "union_tag_invalid" or kind == "union_tag_not_found":
        path = (*path, str(report.ctx["discriminator"]).strip("'"))
    there, value = value_at(data, path)
    found = shown(value) if there else "nothing"
    hint = str(report.ctx.get("hint", "")) if kind == "fault" else ""
    is_key = report.spot.is_key or kind == "extra_forbidden"
    if is_key:
        found = shown(path[-1])
    if kind == "extra_forbidden" and report.spot.owner is not None:
        names = field_names(report.spot.owner)
        hint = did_you_mean(str(path[-1]), names) or "the fields here are " + ", ".join(names)
    elif report.words and isinstance(value, str) and kind != "fault":
        hint = did_you_mean(value, report.words)
    return places.fault(path, expected, found, hint, key=is_key)


def _expected(report: _Report) -> str:
    ctx = report.ctx
    if report.type in ("literal_error", "enum", "union_tag_invalid") and report.words:
        listed = ", ".join(f"'{word}'" for word in report.words)
        return f"one of {listed}" if len(report.words) > 1 else listed
    if report.type in _SIMPLE:
        return _SIMPLE[report.type]
    if report.type in _BOUNDED:
        return _BOUNDED[report.type](ctx)
    if "expected" in ctx:
        return str(ctx["expected"])
    reason = report.message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"a valid value ({reason})"


def _number(ctx: Mapping[str, Any], bound: str, words: str) -> str:
    limit = ctx[bound]
    return f"{'an integer' if isinstance(limit, int) else 'a number'} {words} {limit:g}"


def _length(ctx: Mapping[str, Any], bound: str, words: str) -> str:
    size = ctx[bound]
    return f"a list of {words} {size} value{'' if size == 1 else 's'}"


_SIMPLE = {
    "missing": "this field (required)",
    "extra_forbidden": "a field that exists here",
    "union_tag_not_found": "this field (it says which kind is meant)",
    "finite_number": "a finite number",
    "none_required": "null",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "an integer"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("string_type", "path_type"), "a text"),
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), "a list"),
    **dict.fromkeys(
        ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), "a mapping"
    ),
}
_BOUNDED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda ctx: _number(ctx, "ge", "of at least"),
    "greater_than": lambda ctx: _number(ctx, "gt", "greater than"),
    "less_than_equal": lambda ctx: _number(ctx, "le", "of at most"),
    "less_than": lambda ctx: _number(ctx, "lt", "less than"),
    "multiple_of": lambda ctx: _number(ctx, "multiple_of", "that is a multiple of"),
    "too_short": lambda ctx: _length(ctx, "min_length", "at least"),
    "too_long": lambda ctx: _length(ctx, "max_length", "at most"),
    "string_too_short": lambda ctx: f"a text of at least {ctx['min_length']} characters",
    "string_too_long": lambda ctx: f"a text of at most {ctx['max_length']} characters",
    "string_pattern_mismatch": lambda ctx: f"a text of the form {ctx['pattern']}",
}
