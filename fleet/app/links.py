"""Faulty links as a scenario states them, and who has links at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, model_validator

from fleet.base.errors import Fault as InputFault
from fleet.base.errors import UsageError, did_you_mean
from fleet.base.params import NonNegative, Params, Share, refusal
from fleet.bus.links import Ends, Rule
from fleet.messages.links import FOREVER_MS, Direction, Fault

CITY = frozenset({"citizens", "dispatch", "authority"})
"""Who speaks to the bus besides vehicles, sites and the blue team. Of these only dispatch hears."""
BLUE = frozenset({"watchman", "respond"})

_Ms = Annotated[int, Field(ge=0, le=3_600_000)]
_Second = Annotated[float, Field(ge=0.0, le=1e7)]


class LinkParams(Params):
    """A fault on some links for some time. Everything that is not set does no harm."""

    who: Annotated[str, Field(min_length=1, max_length=80)]
    """A vehicle, a site, `citizens`, `dispatch`, `authority`, `watchman` or `respond`; `*` stands for anything."""
    direction: Direction = "up"
    """`up` is what it says on its way to the bus, `down` what it hears."""
    from_s: _Second = 0.0
    to_s: _Second | None = None
    """When it begins and ends; none is never."""
    latency_ms: _Ms = 0
    """Every message takes so long from when it is said; it is heard at the first tick after that."""
    jitter_ms: _Ms = 0
    """And up to so much longer, drawn evenly. The order is kept."""
    loss: Share = 0.0
    duplicate: Share = 0.0
    reorder: Share = 0.0
    """Shares of the messages that are lost, come twice, or are held back while others overtake."""
    reorder_ms: _Ms = 2_000
    """How long a message is held back."""
    bandwidth_bps: NonNegative = 0.0
    """Bits a second of the wire form; 0 is no limit."""
    reads_per_s: NonNegative = 0.0
    """Messages a second that a slow reader takes; 0 is no limit."""
    queue: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """So many messages may wait for bandwidth or reader; one more pushes the oldest out."""
    cut: bool = False
    """Nothing gets through."""

    @model_validator(mode="after")
    def _ordered(self) -> LinkParams:
        if self.to_s is not None and self.to_s <= self.from_s:
            raise refusal(f"more than from_s, {self.from_s:g}", at=("to_s",))
        return self

    def rule(self) -> Rule:
        """The same, as the road wants it."""
        fault = Fault(
            latency_ms=self.latency_ms,
            jitter_ms=self.jitter_ms,
            loss=self.loss,
            duplicate=self.duplicate,
            reorder=self.reorder,
            reorder_ms=self.reorder_ms,
            bandwidth_bps=self.bandwidth_bps,
            reads_per_s=self.reads_per_s,
            queue=self.queue,
            cut=self.cut,
            from_ms=round(1000 * self.from_s),
            to_ms=FOREVER_MS if self.to_s is None else round(1000 * self.to_s),
        )
        return Rule(self.who, self.direction, fault)


def ends_of(vehicles: Sequence[str], sites: Collection[str], blue: Collection[str] = BLUE) -> Ends:
    """Who has links in a run: `vehicles` in the order of the roster, and of the blue team those that are in it."""
    return Ends(CITY.union(vehicles, sites, blue), tuple(vehicles), frozenset({"dispatch", *blue}))


def link_faults(links: Sequence[LinkParams], ends: Ends, file: str) -> list[InputFault]:
    """What is wrong with the links of a scenario: patterns that match nobody."""
    faults = []
    for index, params in enumerate(links):
        if not ends.matching(params.who, params.direction):
            names = sorted(ends.of(params.direction))
            expected = f"somebody with a {params.direction} link, or a pattern of several"
            hint = did_you_mean(params.who, names)
            faults.append(InputFault(file, 1, 1, f"links.{index}.who", expected, repr(params.who), hint))
    return faults


def require_present(links: Sequence[LinkParams], absent: Collection[str]) -> None:
    """Raise `UsageError` for a fault on the link of somebody in another process: it could not act there."""
    for index, params in enumerate(links):
        for name in sorted(absent):
            if fnmatchcase(name, params.who):
                raise UsageError(
                    f"links.{index}: `{params.who}` stands for {name} too, who takes part from another process; "
                    "links of a seat elsewhere cannot be faulty"
                )
