"""A JSON file that people wrote: its text, its values, and what is wrong with it.

`read_json` refuses what is not JSON; a `Complaints` collects what later steps find wrong, so that a user sees
every fault of the file at once. Line and column are worked out only when there is something to complain about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from fleet.base.errors import Fault, InputError

MOST_FAULTS = 50
"""More than this many faults are counted, not listed."""

Step = str | int
Trail = tuple[Step, ...]
"""The way to a value: names of members and numbers of elements."""

_BLANK = re.compile(r"[ \t\n\r]*")


class Complaints:
    """What is wrong with one file, in any order; `raise_if_any` ends the reading."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._found: list[tuple[int, str, str, str, str]] = []

    def feature(self, index: int, path: str, expected: str, found: str, hint: str = "") -> None:
        """About feature number `index`; `path` is relative to it, such as `properties.height_m`."""
        where = f"features[{index}].{path}" if path else f"features[{index}]"
        self._found.append((self._places.offset(("features", index)), where, expected, found, hint))

    def member(self, name: str, expected: str, found: str, hint: str = "") -> None:
        """About a top-level member of the file, or about the file itself when it has no such member."""
        self._found.append((self._places.offset((name,)), name, expected, found, hint))

    def value(self, trail: Trail, expected: str, found: str, hint: str = "") -> None:
        """About the value at `trail`, or the nearest one around it that there is."""
        self._found.append((self._places.offset(trail), spelt(trail), expected, found, hint))

    def __len__(self) -> int:
        """How many there are so far."""
        return len(self._found)

    def raise_if_any(self) -> None:
        """InputError with all faults; past `MOST_FAULTS` the last one says how many were left out."""
        if not self._found:
            return
        ordered = sorted(self._found, key=lambda found: found[0])
        shown = [self._fault(*found) for found in ordered[:MOST_FAULTS]]
        hidden = ordered[MOST_FAULTS:]
        if hidden:
            shown.append(self._fault(hidden[0][0], "~", "no faults", f"{len(hidden)} more from here on", ""))
        raise InputError(shown)

    def _fault(self, offset: int, path: str, expected: str, found: str, hint: str) -> Fault:
        return Fault(self._file, *line_and_column(self._text, offset), path, expected, found, hint)

    @cached_property
    def _places(self) -> Places:
        return Places(self._text)


class Places:
    """Where in a valid JSON text each value begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self._known: dict[int, dict[Step, int]] = {}

    def offset(self, trail: Trail) -> int:
        """The offset of the value at `trail`; where there is none, of the last value on the way to it."""
        at = self._skip(0)
        for step in trail:
            if at not in self._known:
                self._known[at] = dict(self._children(at))
            if step not in self._known[at]:
                break
            at = self._known[at][step]
        return at

    def _children(self, at: int) -> Iterator[tuple[Step, int]]:
        """Each member or element of the value at `at`, and where it begins. A later twin of a name counts."""
        kind, number = self._text[at], 0
        if kind not in "{[":
            return
        at = self._skip(at + 1)
        while self._text[at] not in "}]":
            step: Step = number
            if kind == "{":
                step, at = self._decoder.raw_decode(self._text, at)
                at = self._skip(self._skip(at) + 1)
            yield step, at
            try:
                _, at = self._decoder.raw_decode(self._text, at)
            except RecursionError:  # at the edge of what could be parsed: what follows stays unknown
                return
            at = self._skip(at)
            if self._text[at] == ",":
                at = self._skip(at + 1)
            number += 1

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match else at


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Where in a text an offset is; both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def spelt(trail: Trail) -> str:
    """A trail as people read it.

    >>> spelt(("features", 3, "geometry", "layer"))
    'features[3].geometry.layer'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in trail)
    return text.removeprefix(".")


def show(value: object) -> str:
    """What was found, short enough for one line of a complaint.

    >>> show("x" * 100)
    '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'
    >>> show(None), show([1, 2]), show({})
    ('nothing', 'a list of 2', 'an object')
    """
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 50 else text[:46] + "..."


def is_unicode(text: str) -> bool:
    """Whether a text can be written: JSON can spell half a surrogate pair, which no file or terminal takes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def read_json(path: Path, kind: str, wanted: str) -> tuple[str, Any]:
    """The text and the value of the JSON file `path`, which should be a `kind` (such as "map").

    `wanted` says what should be in it. InputError when it cannot be read or is not JSON.
    """
    text = _read_text(path, kind, wanted)
    return text, _parse(str(path), text)


def _read_text(path: Path, kind: str, wanted: str) -> str:
    def refuse(expected: str, found: str, hint: str = "") -> InputError:
        return InputError([Fault(str(path), 1, 1, "", expected, found, hint)])

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise refuse(f"a {kind} file", "no such file") from None
    except IsADirectoryError:
        raise refuse(f"a {kind} file", "a directory") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise refuse(f"a {kind} file that can be read", problem) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(refuse, error) from None
    if not text.strip():
        raise refuse(wanted, "an empty file")
    return text


def _not_utf8(refuse: Callable[..., InputError], error: UnicodeDecodeError) -> InputError:
    byte = error.object[error.start]
    return refuse("text in UTF-8", f"byte 0x{byte:02x} at offset {error.start}")


def _parse(file: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        fault = Fault(file, error.lineno, error.colno, "", "valid JSON", f"an error: {error.msg}")
    except RecursionError:
        fault = Fault(file, 1, 1, "", "valid JSON", "lists nested too deeply to be read")
    except ValueError:
        fault = Fault(file, 1, 1, "", "valid JSON", "a number with thousands of digits")
    raise InputError([fault])
