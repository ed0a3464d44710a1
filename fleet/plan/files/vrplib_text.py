"""The outer form of a VRPLIB file: `KEY : value` lines, and sections of rows. What they mean is for `vrplib`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fleet.base.errors import did_you_mean
from fleet.plan.files.source import Source, number, shown, whole

SPECIFICATIONS = (
    "NAME",
    "TYPE",
    "DIMENSION",
    "VEHICLES",
    "CAPACITY",
    "SERVICE_TIME",
    "DISTANCE",
    "EDGE_WEIGHT_TYPE",
    "EDGE_WEIGHT_FORMAT",
)
_TALK = ("COMMENT", "NODE_COORD_TYPE", "DISPLAY_DATA_TYPE", "AUTHOR", "DATE", "SOURCE")
"""Specifications that change nothing."""
SECTIONS = (
    "NODE_COORD_SECTION",
    "DEMAND_SECTION",
    "TIME_WINDOW_SECTION",
    "SERVICE_TIME_SECTION",
    "RELEASE_TIME_SECTION",
    "VEHICLES_RELOAD_DEPOT_SECTION",
    "EDGE_WEIGHT_SECTION",
    "DEPOT_SECTION",
)
_UNREAD = re.compile(
    r"(CAPACITY|VEHICLES_\w+|BACKHAUL|LINEHAUL|PRIZE|MUTUALLY_EXCLUSIVE_GROUP|PICKUP_AND_DELIVERY)_SECTION"
)
OWN_FORM = "the project's own problem file can say vehicles that differ and several depots (docs/plan-files.md)"
_KEYWORD = re.compile(r"[A-Z_]{4,}")
"""In a section, where only numbers are expected: the name of another section, if misspelt."""
_PICTURES = ("DISPLAY_DATA_SECTION",)


@dataclass(frozen=True, slots=True)
class Said:
    """The value of a specification, and where it stands."""

    text: str
    line: int
    column: int


@dataclass(slots=True)
class Sheet:
    """A file taken apart: specifications, and per section the line of its name and those of its rows."""

    source: Source
    said: dict[str, Said] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """What the file says of `key`, or nothing."""
        return self.said[key].text if key in self.said else ""

    def fault(self, key: str, expected: str, hint: str = "") -> None:
        """Note that the value of `key` is not what was expected, or that there is none."""
        if key in self.said:
            said = self.said[key]
            self.source.fault(said.line, said.column, key, expected, shown(said.text), hint)
        else:
            self.source.fault(1, 1, key, expected, "nothing", hint)

    def amount(self, key: str, *, integer: bool, least: float = 0.0) -> float | None:
        """The number that the file gives for `key`; None where it gives none, or (noted) a wrong one."""
        if key not in self.said:
            return None
        value = number(self.said[key].text)
        if value is None or value < least or (integer and whole(value) is None):
            self.fault(key, f"{'an integer' if integer else 'a number'} of at least {least:g}")
            return None
        return value


def taken_apart(source: Source) -> Sheet:
    """The parts of a file; lines that belong nowhere, and parts that occur twice or are not known, are noted."""
    sheet = Sheet(source)
    section = ""
    for line, text in enumerate(source.lines, start=1):
        bare = text.strip()
        if not bare:
            continue
        if bare.upper() == "EOF":
            break
        name = bare.rstrip(": \t").upper()
        if name.endswith("_SECTION") or (section and _KEYWORD.fullmatch(name)):
            section = name
            _open(sheet, line, name)
        elif ":" in bare:
            section = ""
            _specify(sheet, line, text)
        elif section:
            sheet.rows[section].append(line)
        else:
            column = len(text) - len(text.lstrip()) + 1
            source.fault(line, column, "", "`KEY : value` or the name of a section", shown(bare))
    return sheet


def _open(sheet: Sheet, line: int, name: str) -> None:
    if name in sheet.heads:
        sheet.source.fault(line, 1, name, "each section once", f"the one of line {sheet.heads[name]} again")
    elif name not in SECTIONS + _PICTURES:
        hint = OWN_FORM if _UNREAD.fullmatch(name) else did_you_mean(name, SECTIONS)
        hint = hint or "leaving it out could make another problem of this"
        sheet.source.fault(line, 1, name, "a section that is known here", shown(name), hint)
    sheet.heads.setdefault(name, line)
    sheet.rows.setdefault(name, [])


def _specify(sheet: Sheet, line: int, text: str) -> None:
    before, _, after = text.partition(":")
    key, value = before.strip().upper(), after.strip()
    column = len(before) + 1 + len(after) - len(after.lstrip()) + 1
    if key in sheet.said and key not in _TALK:
        sheet.source.fault(line, 1, key, "each key once", f"the one of line {sheet.said[key].line} again")
    elif key not in SPECIFICATIONS + _TALK:
        hint = did_you_mean(key, SPECIFICATIONS) or "leaving it out could make another problem of this"
        where = len(before) - len(before.lstrip()) + 1
        sheet.source.fault(
            line, where, key if key.isprintable() else "", "a key that is known here", shown(key), hint
        )
    else:
        sheet.said.setdefault(key, Said(value, line, column))
