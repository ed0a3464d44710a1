"""Our own JSON files against their pydantic models: every fault at once, at its line and column.

`fleet.city.jsonfile` finds the places; here pydantic's findings are put into plain words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fleet.base.errors import Fault, InputError, did_you_mean
from fleet.city.jsonfile import MOST_FAULTS, Complaints, Step, Trail, line_and_column, show

Model = TypeVar("Model", bound=BaseModel)

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}\[\]]')
"""A name, another text, or a bracket."""
_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|[0-9]+')
_WIDTH = 200
_MOST_LIKE = 1000


def read_model(path: Path, text: str, model: type[Model]) -> tuple[Model, Complaints]:
    """The text of a file as a `model`, and a place for complaints about what it says. Raises `InputError`."""
    data = _parsed(str(path), text)
    complaints = Complaints(str(path), text)
    _must_be_such_a_file(complaints, model, data)
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            _complain(complaints, detail, model, data)
        complaints.raise_if_any()
        raise AssertionError("pydantic refuses nothing without a reason") from error
    return found, complaints


def _must_be_such_a_file(complaints: Complaints, model: type[BaseModel], data: Any) -> None:
    """Of a file that says that it is of another kind nothing else is told."""
    wanted = get_args(model.model_fields["format"].annotation)[0]
    said = data.get("format") if isinstance(data, dict) else None
    if isinstance(said, str) and said != wanted and said.startswith("fleet-"):
        complaints.value(("format",), f'"{wanted}"', show(said), "is it the file that was meant?")
        complaints.raise_if_any()


def like(complaints: Complaints, name: str, known: Collection[str]) -> str:
    """A hint at the known name nearest to `name`. There is none where looking for it would take long: among many,
    and for more faults than are shown."""
    return did_you_mean(name, known) if len(known) < _MOST_LIKE and len(complaints) < MOST_FAULTS else ""


def as_text(value: object) -> str:
    """A JSON file with a line for each object that fits on one, and for each list of numbers or texts."""
    return _laid_out(value, 0) + "\n"


def _laid_out(value: object, depth: int) -> str:
    inside = value.values() if isinstance(value, dict) else value
    is_flat = not isinstance(inside, Iterable) or not any(isinstance(item, list | dict) for item in inside)
    if not isinstance(value, list | dict) or not value or (is_flat and depth >= 2):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, dict):
        parts = [f"{json.dumps(k, ensure_ascii=False)}: {_laid_out(v, depth + 1)}" for k, v in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [_laid_out(item, depth + 1) for item in value]
        opening, closing = "[", "]"
    if depth >= 2 and sum(map(len, parts)) <= _WIDTH:
        return f"{opening}{', '.join(parts)}{closing}"
    pad = "  " * (depth + 1)
    joined = f",\n{pad}".join(parts)
    return f"{opening}\n{pad}{joined}\n{pad[2:]}{closing}"


def _parsed(file: str, text: str) -> Any:
    has_twins = False

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_twins
        found = dict(members)
        has_twins |= len(found) < len(members)
        return found

    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        fault = Fault(file, error.lineno, error.colno, "", "valid JSON", f"an error: {error.msg}")
    except RecursionError:
        fault = Fault(file, 1, 1, "", "valid JSON", "lists nested too deeply to be read")
    except ValueError:
        longest = max((word for word in _NUMBER.finditer(text) if word.group()[0] != '"'), key=_length)
        line, column = line_and_column(text, longest.start())
        fault = Fault(file, line, column, "", "a number that fits", f"one of {_length(longest):,} digits")
    else:
        if has_twins:
            raise InputError(islice(_twins(file, text), MOST_FAULTS))
        return data
    raise InputError([fault])


def _twins(file: str, text: str) -> Iterator[Fault]:
    """A fault for each name that its object has already."""
    open_objects: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        mark = token.group()[0]
        name = json.loads(token.group(1)) if token.group(1) else None
        if mark in "{[":
            open_objects.append(set() if mark == "{" else None)
        elif mark in "}]":
            open_objects.pop()
        elif name is not None and open_objects[-1] is not None:
            if name in open_objects[-1]:
                line, column = line_and_column(text, token.start())
                yield Fault(file, line, column, "", "each name once in an object", f"{show(name)} again")
            open_objects[-1].add(name)


def _length(word: re.Match[str]) -> int:
    return word.end() - word.start()


def _complain(complaints: Complaints, detail: ErrorDetails, model: type[BaseModel], data: Any) -> None:
    trail = _trail(detail["loc"], data)
    kind, ctx = detail["type"], detail.get("ctx", {})
    if kind == "union_tag_invalid":
        trail = (*trail, ctx["discriminator"].strip("'"))
    there, value = _at(data, trail)
    found, hint = show(value) if there else "nothing", ""
    if kind == "extra_forbidden":
        found, hint = show(str(trail[-1])), did_you_mean(str(trail[-1]), _names(model, detail["loc"]))
    elif kind == "literal_error" and isinstance(value, str):
        hint = did_you_mean(value, re.findall(r"'([^']*)'", str(ctx.get("expected", ""))))
    elif kind == "float_type" and isinstance(value, int) and not isinstance(value, bool):
        hint = f"{len(str(abs(value)))} digits are too many"
    complaints.value(trail, _expected(kind, ctx, detail["msg"]), found, hint)


def _names(model: type[BaseModel], loc: tuple[Step, ...]) -> list[str]:
    """The fields that there may be where the last step of `loc` is."""
    owners = [model]
    for step in loc[:-1]:
        fields = [
            owner.model_fields[step] for owner in owners if step in owner.model_fields and isinstance(step, str)
        ]
        if fields:
            owners = [inner for field in fields for inner in _models(field.annotation)]
    return [name for owner in owners for name in owner.model_fields]


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a type speaks of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models(inner)


def _trail(loc: tuple[Step, ...], data: Any) -> Trail:
    """The way through the data that pydantic's `loc` means: it also names the arm of a union taken."""
    trail: list[Step] = []
    here = data
    for place, step in enumerate(loc):
        there, inner = _at(here, (step,))
        if not there and place < len(loc) - 1:
            continue
        here = inner
        trail.append(step)
    return tuple(trail)


def _at(data: Any, trail: Trail) -> tuple[bool, Any]:
    """Whether there is a value at `trail`, and it."""
    here = data
    for step in trail:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, here


def _expected(kind: str, ctx: dict[str, Any], message: str) -> str:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in ("literal_error", "union_tag_invalid"):
        return "one of " + str(ctx.get("expected", ctx.get("expected_tags", "")))
    for bound, words in _BOUNDS.items():
        if bound in ctx:
            return f"a number {words} {ctx[bound]:g}"
    if kind == "too_short":
        return f"a list of at least {ctx['min_length']}"
    if kind == "too_long":
        return f"a list of at most {ctx['max_length']}"
    if kind == "string_too_short":
        return "a text that is not empty"
    if kind == "string_too_long":
        return f"a text of at most {ctx['max_length']} characters"
    return message.removeprefix("Value error, ")


_PLAIN = {
    "missing": "this field (required)",
    "extra_forbidden": "a field that exists here",
    "union_tag_not_found": "the field `kind`",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "string_unicode": "a text that can be written in UTF-8",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
}
_BOUNDS = {"ge": "of at least", "gt": "greater than", "le": "of at most", "lt": "less than"}
