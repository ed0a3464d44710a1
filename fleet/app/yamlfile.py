"""One YAML file into one model, or everything that is wrong with it, each with file:line:column.

The file is read as a stream of parser events, which carry the positions, and never through a YAML
constructor: no tag can call anything. Validation is pydantic's in its strict JSON mode, which takes a list
where a model says tuple and an integer where it says float, and never a text where it says number.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any, TypeVar

import pydantic
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from fleet.app.modelfaults import model_faults
from fleet.app.overrides import set_at, split_override
from fleet.app.yamltree import MAX_DEPTH, Branch, Node, Path, Places, Scalar, shown, unfold
from fleet.base.errors import Fault, InputError, UsageError
from fleet.base.textfile import read_bounded

M = TypeVar("M", bound=pydantic.BaseModel)

_EXPECTED = re.compile(r"expected (.*), but (?:got|found) \(?(.*?)(?:,\))?")
_PLAIN_WORDS = {
    "could not find expected ':'": ("a colon after the name", "none"),
    "mapping values are not allowed here": ("one name and value on a line", "a second colon"),
}

MAX_BYTES = 1_000_000


def load_model(path: FilePath, model: type[M], overrides: Sequence[str] = ()) -> M:
    """The model that the file at `path` describes, after `overrides` ("fleet.groups.0.count=3").

    Raises `InputError` with every fault of the file, and `UsageError` for an override that cannot be applied.
    """
    return load_placed(path, model, overrides)[0]


def load_placed(path: FilePath, model: type[M], overrides: Sequence[str] = ()) -> tuple[M, Places]:
    """The same, with the place of every value, so that checks against other files can name a line."""
    file = str(path)
    root = _parse(_text(path), file)
    if root is None or (isinstance(root, Scalar) and root.tag == "" and root.text == ""):
        raise InputError([Fault(file, 1, 1, "", "a mapping of fields", "an empty file")])
    data, places, faults = unfold(root, file)
    if not isinstance(data, dict):
        found = "a list" if isinstance(data, list) else shown(data)
        known = faults or [Fault(file, root.line, root.column, "", "a mapping of fields", found)]
        raise InputError(known)
    for text in overrides:
        set_at(data, *parse_override(text), text, places)
    try:
        valid = model.model_validate_json(json.dumps(data), strict=True)
    except pydantic.ValidationError as error:
        raise InputError([*faults, *model_faults(error, model, data, places)]) from None
    if faults:
        raise InputError(faults)
    return valid, places


def parse_override(text: str) -> tuple[Path, Any]:
    """`a.0.b=value` as a path and a plain value; the value is YAML. Raises `UsageError`.

    >>> parse_override("fleet.groups.0.count=3"), parse_override("demand.hours=[6, 18.5]")
    ((('fleet', 'groups', 0, 'count'), 3), (('demand', 'hours'), [6, 18.5]))
    """
    path, raw = split_override(text)
    try:
        root = _parse(raw, "value")
        value, _, faults = unfold(root, "value") if root is not None else (None, None, [])
        if faults:
            raise InputError(faults)
    except InputError as error:
        fault = error.faults[0]
        raise UsageError(f"--set {text}: expected {fault.expected} after the =, found {fault.found}") from None
    return path, value


def to_yaml(data: Any) -> str:
    """Plain data as YAML that `load_model` reads back as the same data.

    >>> print(to_yaml({"start": "06:00", "count": 3, "none": None, "bases": [], "word": "null"}), end="")
    start: 06:00
    count: 3
    none: null
    bases: []
    word: 'null'
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    # A field's order is the model's; ruamel annotates this switch as None and documents it as a bool.
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    # Unicode's own line breaks and the like do not survive unescaped.
    yaml.allow_unicode = json.dumps(data, ensure_ascii=False).isprintable()
    yaml.width = 2**31
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _text(path: FilePath) -> str:
    """The file's text. Raises `InputError` for what is not a readable UTF-8 text of bounded size."""
    file, data = str(path), read_bounded(path, MAX_BYTES)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _position(data[: error.start].decode("utf-8-sig", "replace"))
        found = f"the byte 0x{error.object[error.start]:02x}"
        raise InputError([Fault(file, line, column, "", "text in UTF-8", found)]) from None


def _position(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows the text `before`."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _parse(text: str, file: str) -> Node | None:
    """The one document in `text` as nodes. Raises `InputError`."""
    builder = _Builder(file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise InputError([_syntax_fault(error, text, file)]) from None
    except YAMLError as error:
        line, column = _position(text[: getattr(error, "position", 0)])
        character = getattr(error, "character", None)
        found = f"the character {character!r}" if character is not None else str(error)
        raise InputError([Fault(file, line, column, "", "printable text", found)]) from None
    except (ValueError, OverflowError) as error:
        # ruamel lets these through for escapes such as "\UFFFFFFFF".
        raise InputError([Fault(file, builder.line, builder.column, "", "valid YAML", str(error))]) from None
    return builder.root


def _syntax_fault(error: MarkedYAMLError, text: str, file: str) -> Fault:
    """The parser's complaint, in the form of a fault."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    rest = text.split("\n")[line : line + 1]
    if rest and rest[0][column : column + 1] == "\t":
        return Fault(file, line + 1, column + 1, "", "spaces", "a tab")
    problem = (error.problem or "something else").removeprefix("found ")
    both = _EXPECTED.fullmatch(problem)
    expected, found = _PLAIN_WORDS.get(problem) or (both.groups() if both else ("valid YAML", problem))
    if expected == "<block end>":
        expected, found = "a line indented like those above", "another indentation"
    return Fault(file, line + 1, column + 1, "", expected, found, error.context or "")


class _Builder:
    """Events into nodes, without recursion. An alias is the node it names, not a copy."""

    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self.line, self.column = 1, 1
        self._file = file
        self._open: list[Branch] = []
        self._anchors: dict[str, Node] = {}
        self._documents = 0

    def _refuse(self, expected: str, found: str) -> InputError:
        return InputError([Fault(self._file, self.line, self.column, "", expected, found)])

    def take(self, event: Event) -> None:
        """Raises `InputError` for a second document, an unknown alias, or too deep a nesting."""
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refuse("one document", "a second one")
        elif isinstance(event, (SequenceEndEvent, MappingEndEvent)):
            self._open.pop()
        elif isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise self._refuse("the name of an anchor above", f"*{event.anchor}")
            self._attach(self._anchors[event.anchor])
        elif isinstance(event, ScalarEvent):
            tag = event.tag or ("" if event.implicit[0] else "!")
            self._add(event, Scalar(self.line, self.column, str(tag), event.value))
        elif isinstance(event, CollectionStartEvent):
            mapping = isinstance(event, MappingStartEvent)
            branch = Branch(self.line, self.column, str(event.tag or ""), mapping)
            self._add(event, branch)
            self._open.append(branch)
            if len(self._open) > MAX_DEPTH:
                raise self._refuse(f"at most {MAX_DEPTH} levels", "more")

    def _add(self, event: ScalarEvent | CollectionStartEvent, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._attach(node)

    def _attach(self, node: Node) -> None:
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
