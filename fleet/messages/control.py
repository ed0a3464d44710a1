"""What an operator may ask of a live run. Signed like any order; the city itself never hears of it."""

from __future__ import annotations

from fleet.messages.plane import Command


class PauseRun(Command, frozen=True, kw_only=True):
    """Hold the run before its next tick."""


class ResumeRun(Command, frozen=True, kw_only=True):
    """Go on after a pause."""


class StepRun(Command, frozen=True, kw_only=True):
    """Hold so many ticks, then pause."""

    ticks: int


class SetSpeed(Command, frozen=True, kw_only=True):
    """Simulated seconds per second; 0 for as fast as it goes."""

    factor: float


class StopRun(Command, frozen=True, kw_only=True):
    """End the run before its next tick; its record is closed as interrupted."""
