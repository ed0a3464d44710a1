"""Sites as they are: their places and the queues for them, what lies there, what they take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fleet.messages.port import Port
from fleet.sim.wear import SiteWear


class Places:
    """A number of equal places and a queue for them, first come first served."""

    def __init__(self, count: int) -> None:
        self.free = count
        self.usable = count
        """How many are in use or can be."""
        self._to_shut = 0
        self.waiting: deque[Callable[[], bool]] = deque()

    def ask(self, granted: Callable[[], bool]) -> bool:
        """Call `granted` now if a place is free (True), else when one is given back.

        `granted` says whether the place is still wanted; if not, it goes to the next in the queue.
        """
        if self.free > 0:
            self.free -= 1
            if not granted():
                self.give_back()
            return True
        self.waiting.append(granted)
        return False

    def give_back(self) -> None:
        """A place is no longer needed by whoever had it."""
        if self._to_shut:
            self._to_shut -= 1
            return
        while self.waiting:
            if self.waiting.popleft()():
                return
        self.free += 1

    def shut_one(self) -> None:
        """One place is out of use: a free one now, else the next that is given back."""
        self.usable -= 1
        if self.free > 0:
            self.free -= 1
        else:
            self._to_shut += 1

    def open_one(self) -> None:
        """A place that was out of use can be used again."""
        self.usable += 1
        if self._to_shut:
            self._to_shut -= 1
        else:
            self.give_back()


@dataclass(slots=True)
class Dockyard:
    """A site as it is. `stock` is what has been unloaded and still lies there, kg of what it really is; `items`
    counts the pickups that came in.

    A `closed` one takes no loads. `arrived` is told of each load, by what it was called, once it lies there.
    """

    id: str
    node: int
    accepts: frozenset[str]
    capacity_kg: float
    pads: Places
    chargers: Places
    charger_count: int
    port: Port
    stock: dict[str, float] = field(default_factory=dict)
    weighings: int = 0
    items: int = 0
    wear: SiteWear = field(default_factory=SiteWear)
    live: bool = True
    """Whether there is power."""
    closed: bool = False
    arrived: Callable[[Mapping[str, Mapping[str, float]]], None] = lambda inside: None

    @property
    def stock_kg(self) -> float:
        """What lies there now, of all materials."""
        return sum(self.stock.values(), 0.0)
