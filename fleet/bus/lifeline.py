"""What a connection's own events tell about it, and how to say it to a person. No socket here.

ZeroMQ connects again and again without a word; its monitor's events are the only way to tell a run that is not
there from one that does not want us.
"""

from __future__ import annotations

import math
from typing import Literal

from fleet.base.errors import RunError, UsageError

Event = Literal["reached", "up", "down", "refused", "other-lock", "broken-off"]
"""`reached`: somebody took the connection; `up`: and agreed to it; `refused`: our key is not wanted;
`other-lock`: one side has keys, the other none; `broken-off`: gone before it agreed, as with a foreign lock."""


REFUSAL_S = 1.5
"""Whoever is thrown out comes back in vain within this time, and so learns that it was not the run that went."""


def require_seconds(name: str, value: float) -> None:
    """Raises `UsageError` for what is no time to wait.

    >>> require_seconds("timeout_s", 2.5)
    """
    if not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0.0):
        raise UsageError(f"{name}: expected a finite number of seconds from 0, found {value!r}")


class Lifeline:
    """The health of one connection. It may be down for `patience_s` before that is an error."""

    def __init__(self, url: str, *, locked: bool, patience_s: float) -> None:
        self._url = url
        self._locked = locked
        self._patience_s = patience_s
        self._up = False
        self._ever_up = False
        self._reached = False
        self._broken_off = False
        self._down_since_s: float | None = None

    def twin(self) -> Lifeline:
        """The same for another connection to the same run, of which nothing is known yet."""
        return Lifeline(self._url, locked=self._locked, patience_s=self._patience_s)

    def note(self, event: Event, now_s: float) -> bool:
        """Take an event in; True if the connection is back after a loss. Raises `RunError` if it is hopeless."""
        if event == "refused":
            since = " from now on: it was revoked" if self._ever_up else ""
            raise RunError(f"the run at {self._url} refuses this key{since}")
        if event == "other-lock":
            raise RunError(self._other_lock())
        if event == "up":
            again = self._ever_up and not self._up
            self._up = self._ever_up = True
            self._down_since_s = None
            return again
        self._reached = self._reached or event == "reached"
        self._broken_off = self._broken_off or event == "broken-off"
        if event == "down" and self._up:
            self._up = False
            self._down_since_s = now_s
        return False

    @property
    def up(self) -> bool:
        """Whether the far side has agreed to the connection, which stands."""
        return self._up

    @property
    def lost(self) -> bool:
        """Whether it stood, and is down; `check` tells when to give it up."""
        return self._down_since_s is not None

    @property
    def gives_up_s(self) -> float | None:
        """When patience ends, on the caller's clock; None while there is no reason to count."""
        return None if self._down_since_s is None else self._down_since_s + self._patience_s

    def expect(self, now_s: float) -> None:
        """Somebody is there: a connection that is not up by itself before patience ends never will be."""
        if not self._up and self._down_since_s is None:
            self._down_since_s = now_s

    def spare(self, now_s: float) -> None:
        """The far side was heard after all, on another way: patience with a loss begins anew."""
        if self._down_since_s is not None:
            self._down_since_s = now_s

    def check(self, now_s: float) -> None:
        """Raises `RunError` when the connection has been lost for too long."""
        limit = self.gives_up_s
        if limit is not None and now_s >= limit:
            raise RunError(f"the run at {self._url} is gone")

    def silence(self, waited_s: float) -> RunError:
        """Why nothing came in `waited_s`, as well as the events tell."""
        within = f"within {waited_s:g} s"
        if self._up:
            return RunError(f"the run at {self._url} does not answer {within}")
        if self._ever_up:
            return RunError(f"the run at {self._url} is gone")
        if self._broken_off:
            return RunError(self._foreign_lock())
        if self._reached:
            return RunError(f"somebody listens at {self._url}, but answers nothing {within}: is it a run?")
        return RunError(f"nobody answers at {self._url} {within}")

    def _other_lock(self) -> str:
        if self._locked:
            return f"the run at {self._url} has no locks: connect insecurely (--insecure), if that is meant"
        return f"the run at {self._url} is locked: a key is needed (--key FILE)"

    def _foreign_lock(self) -> str:
        if self._locked:
            return f"the run at {self._url} refuses this key: was it made for this run's keys?"
        return f"the run at {self._url} is locked: a key is needed (--key FILE)"
