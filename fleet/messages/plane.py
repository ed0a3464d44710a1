"""The planes of the bus. A message type belongs to exactly one."""

from __future__ import annotations

import enum
from typing import ClassVar

import msgspec


class Plane(enum.IntEnum):
    """Each plane is an endpoint of its own, because ZeroMQ knows no rights per topic."""

    TELEMETRY = 0
    COMMAND = 1
    INJECTION = 2
    TRUTH = 3
    LOCKSTEP = 4


class Body(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True, kw_only=True):
    """What every message body is: frozen, tagged with its type's name, strict."""

    plane: ClassVar[Plane]


class Telemetry(Body, frozen=True, kw_only=True):
    """A body that authenticated readers may see."""

    plane: ClassVar[Plane] = Plane.TELEMETRY


class Command(Body, frozen=True, kw_only=True):
    """A body that asks for something to be done; signed."""

    plane: ClassVar[Plane] = Plane.COMMAND


class Injection(Body, frozen=True, kw_only=True):
    """A body from or to the red team."""

    plane: ClassVar[Plane] = Plane.INJECTION


class Truth(Body, frozen=True, kw_only=True):
    """A body that only the recorder and the scorer may see."""

    plane: ClassVar[Plane] = Plane.TRUTH


class Frame(Body, frozen=True, kw_only=True):
    """A body of columns, one row per thing. Frames are neither in the digest nor in the event log."""
