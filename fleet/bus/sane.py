"""What values may come in: those that every part of a run can work with, and a record can hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from fleet.messages.control import SetSpeed, StepRun
from fleet.messages.envelope import Envelope
from fleet.messages.plane import Body
from fleet.messages.seal import MAX_SEQ

MOST_TICKS = 1_000_000
MOST_SPEED = 1e6
_LARGEST_INT = 2**53
_LARGEST_FLOAT = 1e12
_LONGEST_TEXT = 256
_SHOWN = 60

Wrong = tuple[str, str, str]
"""A field's path, what was expected there, and what was found."""


def wrong_in(message: Envelope[Any]) -> str:
    """The first field whose value no run can work with, in words; "" where all are finite, bounded, printable.

    >>> wrong_in(Envelope(sender="operator/kim", seq=-1, t_ms=0, body=StepRun(ticks=3)))
    'seq: expected a whole number from 0 to 9223372036854775807, found -1'
    """
    for name, number in (("seq", message.seq), ("expires_ms", message.expires_ms)):
        if not 0 <= number <= MAX_SEQ:
            return _told((name, f"a whole number from 0 to {MAX_SEQ}", str(number)))
    sender = _wrong(message.sender)
    return wrong_in_body(message.body) if sender is None else _told(_within("sender", sender))


def wrong_in_body(body: Body) -> str:
    """The same of a body alone.

    >>> wrong_in_body(StepRun(ticks=0))
    'ticks: expected a whole number from 1 to 1,000,000, found 0'
    """
    if isinstance(body, StepRun) and not 1 <= body.ticks <= MOST_TICKS:
        return _told(("ticks", f"a whole number from 1 to {MOST_TICKS:,}", str(body.ticks)))
    if isinstance(body, SetSpeed) and not 0.0 <= body.factor <= MOST_SPEED:
        return _told(("factor", f"a number from 0 to {MOST_SPEED:g}", f"{body.factor:g}"))
    wrong = _wrong(body)
    return "" if wrong is None else _told(wrong)


def _told(wrong: Wrong) -> str:
    path, expected, found = wrong
    return f"{path}: expected {expected}, found {found}"


def _wrong(value: object) -> Wrong | None:
    """What is wrong in `value`; nearly always nothing, so paths are only put together on the way back."""
    if isinstance(value, float):
        if math.isfinite(value) and abs(value) <= _LARGEST_FLOAT:
            return None
        return "", f"a number from {-_LARGEST_FLOAT:g} to {_LARGEST_FLOAT:g}", f"{value:g}"
    if isinstance(value, int):
        if abs(value) <= _LARGEST_INT:
            return None
        return "", f"a whole number from {-_LARGEST_INT} to {_LARGEST_INT}", str(value)[:_SHOWN]
    if isinstance(value, str):
        return _wrong_text(value)
    if isinstance(value, msgspec.Struct):
        return _wrong_item(zip(value.__struct_fields__, msgspec.structs.astuple(value), strict=True))
    if isinstance(value, tuple | list):
        return _wrong_item(enumerate(value))
    if isinstance(value, dict):
        for key in value:
            wrong = _wrong(key)
            if wrong is not None:
                return wrong
        return _wrong_item(value.items())
    return None if isinstance(value, bytes) else ("", "a value of the wire", type(value).__name__)


def _wrong_text(text: str) -> Wrong | None:
    if len(text) > _LONGEST_TEXT:
        return "", f"a text of at most {_LONGEST_TEXT} characters", f"{len(text):,}"
    return None if text.isprintable() else ("", "a printable text", ascii(text)[:_SHOWN])


def _wrong_item(items: Iterable[tuple[object, object]]) -> Wrong | None:
    for name, item in items:
        wrong = _wrong(item)
        if wrong is not None:
            return _within(str(name), wrong)
    return None


def _within(name: str, wrong: Wrong) -> Wrong:
    path, expected, found = wrong
    return (f"{name}.{path}" if path else name), expected, found
