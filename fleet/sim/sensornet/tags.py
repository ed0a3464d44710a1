"""Tags on what is thrown away, and the readers that find them: on vehicles, at the gates of sites, at posts.

A look finds a tag in reach with a probability that its item sets: metal and liquid shield. Whether it does is a
function of (tag, reader, time), so that one reader more shifts nothing. Where a reader is, and where a tag is,
is the true place: GNSS has no part in it. A tag goes where the item goes that it is stuck on, whatever is done
to its mass.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fleet.base.streams import Noise
from fleet.messages.port import Port
from fleet.messages.sensornet import ReaderKind, TagsSeen
from fleet.sim.body import Body, Waste
from fleet.sim.parts import Parts
from fleet.sim.sensornet.params import TagsParams
from fleet.sim.yards import Dockyard

_TAGGED_LANE, _READ_LANE = 0, 1
_READERS, _FIXED = 1 << 20, 1 << 19
"""How many readers there can be, and the number of the first that is fixed: vehicles come before."""
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Tag:
    """Something that answers readers; `shows` is how likely one look finds it."""

    id: str
    shows: float


@dataclass(frozen=True, slots=True)
class Stray:
    """A tag that lies somewhere by itself."""

    tag: Tag
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: its name, what kind it is, a number of its own for chance, and through whom it speaks."""

    name: str
    kind: ReaderKind
    number: int
    port: Port


@dataclass(slots=True)
class TagLies:
    """What tampering does to sightings, by the id that it runs under."""

    withheld: dict[str, str] = field(default_factory=dict)
    """Vehicles and tags whose sightings are not reported."""
    clones: dict[str, Stray] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    """How many sightings were kept back, by the vehicle or tag that they were of."""
    false: dict[str, int] = field(default_factory=dict)
    """How many sightings were of a clone alone, by its tag."""


class Tags:
    """All tags and readers. `gates` are sites with a reader, `posts` the nodes with one."""

    def __init__(
        self,
        params: TagsParams,
        noise: Noise,
        parts: Parts,
        port: Port,
        gates: frozenset[str],
        posts: Sequence[int],
    ) -> None:
        self._params = params
        self._noise = noise
        self._parts = parts
        self._gates = gates
        self._posts = {n: Reader(parts.terrain.names[n], "post", _FIXED + n, port) for n in posts}
        self._aboard: dict[int, list[Tag]] = {}
        self.strays: list[Stray] = []
        self.lies = TagLies()

    def begin(self) -> None:
        """Posts will look round."""
        if self._posts:
            self._next_round()

    def tag_of(self, waste: Waste) -> Tag | None:
        """The tag on an item, shielded by what most of it is; None where it has none."""
        if self._noise.one_uniform(number_of(waste.id), 0, _TAGGED_LANE) >= self._params.share:
            return None
        chief = max(sorted(waste.contents), key=lambda name: waste.contents[name], default=waste.material)
        return Tag(waste.id, self._params.read_share_on.get(chief, self._params.read_share))

    # ---- what they are there for

    def collected(self, body: Body, waste: Waste) -> None:
        """The vehicle's reader looks at what it has just taken, and at whatever else answers there."""
        tag = self.tag_of(waste)
        mine = [] if tag is None else [tag]
        self._aboard.setdefault(body.index, []).extend(mine)
        if self._params.vehicles:
            place = self._parts.motion.true_of(body.index, self._parts.kernel.now_ms)
            self._look(Reader(body.id, "vehicle", body.index, body.port), place, mine, body.id)

    def unloaded(self, body: Body, yard: Dockyard) -> None:
        """The gate's reader looks at the whole load."""
        load = self._aboard.pop(body.index, [])
        if yard.id in self._gates:
            gate = Reader(yard.id, "gate", _FIXED + yard.node, yard.port)
            self._look(gate, self._place(yard.node), load, body.id)

    # ---- looks

    def _place(self, node: int) -> tuple[float, float]:
        terrain = self._parts.terrain
        return float(terrain.x_m[node]), float(terrain.y_m[node])

    def _next_round(self) -> None:
        kernel = self._parts.kernel
        kernel.at(kernel.now_ms + round(_MINUTE_MS * self._params.post_every_min), self._look_round)

    def _look_round(self) -> None:
        """Every post looks at what lies near it."""
        lying = [w for w in self._parts.waste.values() if w.there]
        for node, post in self._posts.items():
            x, y = self._place(node)
            near = [w for w in lying if self._within(math.dist((x, y), self._place(w.node)))]
            self._look(post, (x, y), [tag for w in near if (tag := self.tag_of(w)) is not None], "")
        self._next_round()

    def _within(self, away_m: float) -> bool:
        return away_m <= self._params.reach_m

    def _look(self, reader: Reader, place: tuple[float, float], own: Iterable[Tag], vehicle: str) -> None:
        """One look of one reader, at its own tags and at what else answers there; report what was found."""
        answering = {tag.id: tag for tag in own}
        honest = set(answering)
        for stray in self.strays:
            if self._within(math.dist(place, (stray.x_m, stray.y_m))):
                answering.setdefault(stray.tag.id, stray.tag)
                honest.add(stray.tag.id)
        for clone in self.lies.clones.values():
            if self._within(math.dist(place, (clone.x_m, clone.y_m))):
                answering.setdefault(clone.tag.id, clone.tag)
        when = self._parts.kernel.now_ms * _READERS + reader.number
        found = [
            name
            for name, tag in sorted(answering.items())
            if self._noise.one_uniform(number_of(name), when, _READ_LANE) < tag.shows
        ]
        told = self._told(found, vehicle) if self.lies.withheld else found
        for name in told:
            if name not in honest:
                self.lies.false[name] = self.lies.false.get(name, 0) + 1
        if told:
            reader.port.say(TagsSeen(reader=reader.name, kind=reader.kind, vehicle=vehicle, tags=tuple(told)))

    def _told(self, found: Sequence[str], vehicle: str) -> list[str]:
        """What is left of a look where sightings are kept back."""
        secret, kept, told = set(self.lies.withheld.values()), self.lies.kept, []
        for name in found:
            whose = vehicle if vehicle in secret else name
            if whose in secret:
                kept[whose] = kept.get(whose, 0) + 1
            else:
                told.append(name)
        return told


def number_of(tag: str) -> int:
    """A number for chance, of the tag's id alone: no tag shifts another."""
    return int.from_bytes(hashlib.sha256(tag.encode()).digest()[:8], "little")
