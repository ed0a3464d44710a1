"""What values may come in: those that every part of a run can work with, and a record can hold."""

from __future__ import annotations

import math

import msgspec

from fleet.messages.control import SetSpeed, StepRun
from fleet.messages.envelope import Message
from fleet.messages.seal import MAX_SEQ

MOST_TICKS = 1_000_000
MOST_SPEED = 1e6
_LARGEST_INT = 2**53
_LARGEST_FLOAT = 1e12
_LONGEST_TEXT = 256


def is_sane(message: Message) -> bool:
    """Whether every value is one that the run can work with: finite, of bounded size, printable."""
    if not (0 <= message.seq <= MAX_SEQ and 0 <= message.expires_ms <= MAX_SEQ):
        return False
    body = message.body
    if isinstance(body, StepRun) and not 1 <= body.ticks <= MOST_TICKS:
        return False
    if isinstance(body, SetSpeed) and not 0.0 <= body.factor <= MOST_SPEED:
        return False
    return _is_bounded(message.sender) and _is_bounded(body)


def _is_bounded(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value) and abs(value) <= _LARGEST_FLOAT
    if isinstance(value, int):
        return abs(value) <= _LARGEST_INT
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT and value.isprintable()
    if isinstance(value, msgspec.Struct):
        return all(_is_bounded(item) for item in msgspec.structs.astuple(value))
    if isinstance(value, tuple | list):
        return all(_is_bounded(item) for item in value)
    if isinstance(value, dict):
        return all(_is_bounded(key) and _is_bounded(item) for key, item in value.items())
    return isinstance(value, bytes)
