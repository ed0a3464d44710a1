"""The parse step of a map: bytes to raw features, each with its place in the file.

Nothing here knows what a building is. `read_map` refuses what is not a GeoJSON FeatureCollection; a
`Complaints` collects what later steps find wrong, so that a user sees every fault of the file at once. Line
and column are worked out only when there is something to complain about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fleet.base.errors import Fault, InputError

MOST_FAULTS = 50
"""More than this many faults are counted, not listed."""

_BLANK = re.compile(r"[ \t\n\r]*")
_DEGREE_NAMES = ("CRS84", "EPSG:4326", "EPSG::4326")


@dataclass(frozen=True)
class RawMap:
    """A FeatureCollection as it stands in the file, before anybody asked whether it makes sense."""

    file: str
    text: str
    members: dict[str, Any]

    @property
    def features(self) -> list[Any]:
        """The list under `features`, unchecked."""
        features: list[Any] = self.members["features"]
        return features


class Complaints:
    """What is wrong with one map file, in any order; `raise_if_any` ends the reading."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._found: list[tuple[int, Fault]] = []

    def feature(self, index: int, path: str, expected: str, found: str, hint: str = "") -> None:
        """About feature number `index`; `path` is relative to it, such as `properties.height_m`."""
        offset = self._offsets[1][index]
        where = f"features[{index}].{path}" if path else f"features[{index}]"
        self._add(offset, where, expected, found, hint)

    def member(self, name: str, expected: str, found: str, hint: str = "") -> None:
        """About a top-level member of the file, or about the file itself when it has no such member."""
        self._add(self._offsets[0].get(name, 0), name, expected, found, hint)

    def raise_if_any(self) -> None:
        """InputError with all faults; past `MOST_FAULTS` the last one says how many were left out."""
        if not self._found:
            return
        ordered = [fault for _, fault in sorted(self._found, key=lambda pair: pair[0])]
        shown, hidden = ordered[:MOST_FAULTS], ordered[MOST_FAULTS:]
        if hidden:
            first = hidden[0]
            count = f"{len(hidden)} more from here on"
            shown.append(Fault(self._file, first.line, first.column, "~", "no faults", count))
        raise InputError(shown)

    def _add(self, offset: int, path: str, expected: str, found: str, hint: str) -> None:
        line = self._text.count("\n", 0, offset) + 1
        column = offset - self._text.rfind("\n", 0, offset)
        self._found.append((offset, Fault(self._file, line, column, path, expected, found, hint)))

    @cached_property
    def _offsets(self) -> tuple[dict[str, int], list[int]]:
        return _offsets(self._text)


def read_map(path: Path) -> RawMap:
    """The raw map in `path`. InputError when the file cannot be read or is no GeoJSON FeatureCollection."""
    file = str(path)
    text = _read_text(path)
    document = _parse(file, text)
    if not isinstance(document, dict):
        raise InputError([Fault(file, 1, 1, "", "a GeoJSON FeatureCollection", show(document))])
    complaints = Complaints(file, text)
    if document.get("type") != "FeatureCollection":
        complaints.member("type", '"FeatureCollection"', show(document.get("type")))
    if not isinstance(document.get("features"), list):
        complaints.member("features", "a list of features", show(document.get("features")))
    elif not document["features"]:
        complaints.member("features", "at least one feature", "none")
    _check_crs(document.get("crs"), complaints)
    complaints.raise_if_any()
    return RawMap(file, text, document)


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


def _read_text(path: Path) -> str:
    def refuse(expected: str, found: str, hint: str = "") -> InputError:
        return InputError([Fault(str(path), 1, 1, "", expected, found, hint)])

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise refuse("a map file", "no such file") from None
    except IsADirectoryError:
        raise refuse("a map file", "a directory") from None
    except (OSError, ValueError) as error:
        raise refuse("a map file that can be read", getattr(error, "strerror", None) or str(error)) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(refuse, error) from None
    if not text.strip():
        raise refuse("a GeoJSON FeatureCollection", "an empty file")
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
        fault = Fault(file, 1, 1, "", "valid GeoJSON", "lists nested too deeply to be read")
    except ValueError:
        fault = Fault(file, 1, 1, "", "valid GeoJSON", "a number with thousands of digits")
    raise InputError([fault])


def _check_crs(crs: object, complaints: Complaints) -> None:
    """GeoJSON of 2008 could name another reference system; RFC 7946 knows degrees only."""
    if crs is not None and not any(name in json.dumps(crs) for name in _DEGREE_NAMES):
        complaints.member(
            "crs", "degrees (EPSG:4326)", "another reference system", "reproject the file to EPSG:4326"
        )


def _offsets(text: str) -> tuple[dict[str, int], list[int]]:
    """Where the value of each top-level member begins, and each of the features. `text` is valid JSON."""
    decoder = json.JSONDecoder()
    members: dict[str, int] = {}
    features: list[int] = []
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        members[key] = at
        if key == "features" and text[at] == "[":
            features, at = _elements(text, at, decoder)
        else:
            _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return members, features


def _elements(text: str, at: int, decoder: json.JSONDecoder) -> tuple[list[int], int]:
    begins: list[int] = []
    at = _skip(text, at + 1)
    while text[at] != "]":
        begins.append(at)
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return begins, at + 1


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
