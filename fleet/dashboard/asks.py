"""What a page may ask for, as JSON on its WebSocket, and the order it becomes."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fleet.base.errors import MessageError
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun
from fleet.messages.plane import Command

MOST_BYTES = 1_000
"""A longer request is none of ours."""


class _Pause(msgspec.Struct, tag_field="do", tag="pause", forbid_unknown_fields=True, frozen=True):
    """Hold the run."""


class _Resume(msgspec.Struct, tag_field="do", tag="resume", forbid_unknown_fields=True, frozen=True):
    """Go on."""


class _Step(msgspec.Struct, tag_field="do", tag="step", forbid_unknown_fields=True, frozen=True):
    """Hold so many ticks, then pause."""

    ticks: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1


class _Speed(msgspec.Struct, tag_field="do", tag="speed", forbid_unknown_fields=True, frozen=True):
    """Simulated seconds per second; 0 is as fast as it goes."""

    factor: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)]


_decoder = msgspec.json.Decoder(_Pause | _Resume | _Step | _Speed)


def order_of(text: str) -> Command:
    """The order that a request asks for. Raises `MessageError` for any other text.

    >>> order_of('{"do": "step", "ticks": 5}')
    StepRun(ticks=5)
    """
    if len(text) > MOST_BYTES:
        raise MessageError(f"a request of {len(text)} characters: expected at most {MOST_BYTES}")
    try:
        ask = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageError(f"not a request: {error}") from None
    match ask:
        case _Pause():
            return PauseRun()
        case _Resume():
            return ResumeRun()
        case _Step(ticks=ticks):
            return StepRun(ticks=ticks)
        case _:
            return SetSpeed(factor=ask.factor)
