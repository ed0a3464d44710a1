"""From YAML nodes to plain Python, remembering where every value was written.

The values are those of the YAML 1.2 core schema and nothing else: null, true and false, integers, finite
numbers, texts, lists, mappings with text keys. A date is a text. The reading is bounded in depth and size, so
that a file of a few lines cannot unfold, by aliases, into gigabytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fleet.base.errors import Fault, InputError

Path = tuple[str | int, ...]

MAX_DEPTH = 64
MAX_VALUES = 100_000

_INT = re.compile(r"[-+]?[0-9]{1,19}|0o[0-7]{1,21}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANTS = {word: value for words, value in (
    (("", "~", "null", "Null", "NULL"), None),
    (("true", "True", "TRUE"), True),
    (("false", "False", "FALSE"), False),
) for word in words}  # fmt: skip
_TAG = "tag:yaml.org,2002:"
_TAG_NAMES = {
    "null": "null", "bool": "true or false", "int": "an integer", "float": "a number", "str": "a text",
    "seq": "a list", "map": "a mapping",
}  # fmt: skip


@dataclass(slots=True)
class Scalar:
    """A leaf as written; `tag` is "" for a plain one and "!" for a quoted one."""

    line: int
    column: int
    tag: str
    text: str


@dataclass(slots=True)
class Branch:
    """A list, or a mapping whose keys and values alternate in `children`."""

    line: int
    column: int
    tag: str
    is_mapping: bool
    children: list[Scalar | Branch] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[Scalar | Branch, Scalar | Branch]]:
        """The (key, value) nodes of a mapping, in file order."""
        return zip(self.children[::2], self.children[1::2], strict=True)


Node = Scalar | Branch


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written; line and column count from 1."""

    file: str
    line: int
    column: int


class Places:
    """Where each value of one document was written, by its path from the root.

    `bad` holds the paths whose values are not usable; their faults are known already.
    """

    def __init__(self, file: str) -> None:
        self._values: dict[Path, Place] = {(): Place(file, 1, 1)}
        self._keys: dict[Path, Place] = {}
        self.file = file
        self.bad: set[Path] = set()

    def note(self, path: Path, value: Node, key: Node | None = None) -> None:
        """Remember where the value at `path`, and its key, stand in the file."""
        self._values[path] = Place(self.file, value.line, value.column)
        if key is not None:
            self._keys[path] = Place(self.file, key.line, key.column)

    def override(self, path: Path, place: Place) -> None:
        """The value at `path`, with all below it, now comes from `place`."""
        for known in (self._values, self._keys):
            for old in [p for p in known if p[: len(path)] == path]:
                del known[old]
        self.bad = {p for p in self.bad if p[: len(path)] != path}
        self._values[path] = place

    def is_bad(self, path: Path) -> bool:
        """Whether the value at `path`, or one that holds it, is not usable."""
        return any(path[:length] in self.bad for length in range(len(path) + 1))

    def of(self, path: Path, key: bool = False) -> Place:
        """Where the value (or the key) at `path` was written; what was not written is where its parent is."""
        if key and path in self._keys:
            return self._keys[path]
        while path not in self._values:
            path = path[:-1]
        return self._values[path]

    def fault(self, path: Path, expected: str, found: str, hint: str = "", *, key: bool = False) -> Fault:
        """A fault at `path`: for what is wrong between the file and something else, such as the map."""
        place = self.of(path, key)
        dotted = ".".join(str(part) for part in path)
        return Fault(place.file, place.line, place.column, dotted, expected, found, hint)

    def placed(self, fault: Fault, under: Path = (), *, key: bool = False) -> Fault:
        """A fault whose dotted path starts at `under`, found by a room that knows no lines, with its line."""
        path = under
        for part in fault.path.split("."):
            index = (*path, int(part)) if part.isdecimal() else (*path, part)
            path = index if index in self._values else (*path, part)
        return self.fault(path, fault.expected, fault.found, fault.hint, key=key)


def shown(value: object, limit: int = 60) -> str:
    """A value as a YAML user would know it, at most `limit` characters.

    >>> shown(None), shown(True), shown("3"), shown([1, "a"])
    ('null', 'true', "'3'", '[1, "a"]')
    """
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def resolve(text: str, tag: str) -> Any:
    """The value of a scalar. Raises `ValueError(expected)`.

    >>> resolve("0x10", ""), resolve("1e3", ""), resolve("yes", ""), resolve("12", "!")
    (16, 1000.0, 'yes', '12')
    """
    if _SURROGATE.search(text):
        raise ValueError("a text of whole Unicode characters")
    if tag == "":
        return _plain(text)
    if tag in ("!", _TAG + "str"):
        return text
    name = tag.removeprefix(_TAG)
    value: Any = _plain(text)
    kinds: dict[str, tuple[type, ...]] = {
        "null": (type(None),), "bool": (bool,), "int": (int,), "float": (float, int),
    }  # fmt: skip
    if not tag.startswith(_TAG) or name not in kinds:
        raise ValueError("a value without a tag")
    fits = isinstance(value, kinds[name]) and (name == "bool" or not isinstance(value, bool))
    if not fits:
        raise ValueError(_TAG_NAMES[name])
    return float(value) if name == "float" else value


def _plain(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        number = int(text[2:], {"0o": 8, "0x": 16}[text[:2]]) if text[:2] in ("0o", "0x") else int(text)
        if not -(2**63) <= number < 2**63:
            raise ValueError("an integer of at most 64 bits")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("a finite number")
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError("a finite number")
        return value
    return text


class _Unfolding:
    """One walk over the nodes: collects places and faults, counts what it has made."""

    def __init__(self, file: str) -> None:
        self.places = Places(file)
        self.faults: list[Fault] = []
        self._values = 0

    def _refuse(self, path: Path, node: Node, expected: str, found: str, hint: str = "") -> None:
        dotted = ".".join(str(part) for part in path)
        self.faults.append(Fault(self.places.file, node.line, node.column, dotted, expected, found, hint))
        self.places.bad.add(path)

    def _count(self, node: Node, path: Path, depth: int) -> None:
        """Raises `InputError` when the file unfolds too far."""
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            what = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_VALUES} values"
            self._refuse(path[:8], node, f"at most {what}", "more", "what an alias repeats counts each time")
            raise InputError(self.faults)

    def value(self, node: Node, path: Path) -> Any:
        """The plain value of `node`; None, and a fault, where it has none."""
        self._count(node, path, len(path))
        if isinstance(node, Scalar):
            try:
                return resolve(node.text, node.tag)
            except ValueError as error:
                tag = f"{node.tag.replace(_TAG, '!!')} " if node.tag not in ("", "!") else ""
                self._refuse(path, node, str(error), tag + shown(node.text))
                return None
        if node.tag not in ("", "!", _TAG + ("map" if node.is_mapping else "seq")):
            self._refuse(path, node, "a value without a tag", f"the tag {node.tag.replace(_TAG, '!!')}")
            return None
        if node.is_mapping:
            return self._mapping(node, path)
        values = []
        for index, child in enumerate(node.children):
            self.places.note((*path, index), child)
            values.append(self.value(child, (*path, index)))
        return values

    def _mapping(self, node: Branch, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, child in self._fields(node, path, len(path)):
            here = (*path, key.text)
            self.places.note(here, child, key)
            values[key.text] = self.value(child, here)
        return values

    def _fields(self, node: Branch, path: Path, depth: int) -> list[tuple[Scalar, Node]]:
        """The fields of a mapping: its own, then those that `<<` lends and that it has not itself."""
        own: dict[str, tuple[Scalar, Node]] = {}
        lenders: list[Node] = []
        for key, child in node.pairs():
            self._count(key, path, depth)
            if not isinstance(key, Scalar) or (key.tag == "" and key.text == ""):
                self._refuse((*path, "?"), key, "a name before the colon", "none")
            elif _SURROGATE.search(key.text):
                self._refuse((*path, "?"), key, "a name of whole Unicode characters", shown(key.text))
            elif key.tag == "" and key.text == "<<":
                listed = isinstance(child, Branch) and not child.is_mapping
                lenders.extend(child.children if isinstance(child, Branch) and listed else [child])
            elif key.text in own:
                hint = f"first on line {own[key.text][0].line}"
                self._refuse((*path, key.text), key, "each name once", f"{shown(key.text)} again", hint)
            else:
                own[key.text] = (key, child)
        for lender in lenders:
            if not isinstance(lender, Branch) or not lender.is_mapping:
                self._refuse((*path, "<<"), lender, "a mapping to merge", "something else")
                continue
            for key, child in self._fields(lender, path, depth + 1):
                own.setdefault(key.text, (key, child))
        return list(own.values())


def unfold(root: Node, file: str) -> tuple[Any, Places, list[Fault]]:
    """Plain data, the place of each value, and every fault found on the way.

    Raises `InputError` where the file unfolds beyond `MAX_DEPTH` levels or `MAX_VALUES` values.
    """
    walk = _Unfolding(file)
    walk.places.note((), root)
    data = walk.value(root, ())
    return data, walk.places, walk.faults
