"""The links of a run: which faults lie on whose way to the road and from it, and what is under way on each.

Up links act where the road is turned (`fleet.bus.memory`), down links where inboxes are made: `Hearing` around a
participant, `hears` and `late` for the vehicles of the world. Only what runs in the city has links: its vehicles,
sites, citizens, dispatch and the blue team; and only telemetry and orders pass over them. What nobody lays a fault
on takes no time and keeps its order.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from fleet.base.streams import Noise
from fleet.bus.order import sort_batch
from fleet.bus.rows import Rows, RowStage
from fleet.bus.ways import Laid, Way, lay, lay_faults, lay_replay
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.interception import Affliction, Replay
from fleet.messages.links import Direction, Due, Fault, LossCause
from fleet.messages.plane import Plane
from fleet.messages.port import Participant, Port
from fleet.messages.truth import MessagesLost

ROAD = "road"
"""The sender of what the road itself tells on the truth plane."""
REMEMBERED = 32
"""So many of a vehicle's last reports can be said again by a man in the middle."""
_PLANES = frozenset({Plane.TELEMETRY, Plane.COMMAND})


@dataclass(frozen=True)
class Rule:
    """A fault on every link of one direction whose end's name matches `who` (`*` stands for anything)."""

    who: str
    direction: Direction
    fault: Fault


@dataclass(frozen=True)
class Ends:
    """Who has a link: the names that may speak over one, and of those that hear over one, vehicles and others.

    Vehicles are in the order of the rows of frames.
    """

    up: frozenset[str]
    vehicles: tuple[str, ...]
    others: frozenset[str]

    def of(self, direction: Direction) -> frozenset[str]:
        """Whose links of a direction there are."""
        return self.up if direction == "up" else self.others.union(self.vehicles)

    def matching(self, who: str, direction: Direction) -> list[str]:
        """The names that a pattern stands for, in order."""
        return sorted(name for name in self.of(direction) if fnmatchcase(name, who))


class Links:
    """All links. `told` takes what was lost, for the truth plane.

    Itself a participant, so that a run is woken for what is late.
    """

    def __init__(
        self,
        ends: Ends,
        rules: Sequence[Rule],
        noise: Noise,
        clock: Callable[[], int],
        tick_ms: int,
        told: Port,
    ) -> None:
        self._ends = ends
        self._noise = noise
        self._clock = clock
        self._tick_ms = tick_ms
        self._told = told
        self._remembers = False
        self._ways: dict[Direction, dict[str, Way]] = {"up": {}, "down": {}}
        self._busy: set[tuple[Direction, str]] = set()
        self._laid: dict[str, list[Laid]] = {}
        self._memory: dict[str, deque[Message]] = {}
        self._vehicles = frozenset(ends.vehicles)
        self._rows = Rows(tick_ms)
        self._row_stages: dict[int, list[RowStage]] = {}
        self._turned_ms = -1
        self._before_ms = -1
        self._left_ms: dict[int, int] = {}
        self.mixed = False
        """Whether the last turn brought anything over a faulty link, so that two messages may bear one number."""
        self._follow(rules)
        self.idle = not rules
        """Whether there is nothing to do at a turn: no fault was ever laid on any link, nothing is remembered."""

    def _follow(self, rules: Sequence[Rule]) -> None:
        faults: dict[tuple[Direction, str], list[tuple[int, Fault]]] = {}
        for number, rule in enumerate(rules):
            for name in self._ends.matching(rule.who, rule.direction):
                faults.setdefault((rule.direction, name), []).append((number, rule.fault))
        for (direction, name), numbered in faults.items():
            lay_faults(self._new_way(direction, name), self._noise, numbered)
        self._find_rows()

    def _new_way(self, direction: Direction, name: str) -> Way:
        way = self._ways[direction][name] = Way(f"{direction}/{name}")
        return way

    def remember(self) -> None:
        """Keep vehicles' last reports from now on, so that they can be said again by a man in the middle."""
        self.idle, self._remembers = False, True

    # ---- up

    def up(self, now_ms: int, said: Sequence[Message]) -> list[Message]:
        """What is heard, in no particular order, of what was `said` since the last turn and before.

        A second turn at the same moment is the last one of the run: a tick is added, and what is then still under
        way is told as lost.
        """
        last = now_ms <= self._turned_ms
        now_ms = self._turned_ms + self._tick_ms if last else now_ms
        heard: list[Message] = []
        faulty: dict[str, list[Message]] = {}
        self._left_ms.clear()
        for message in said:
            if message.body.plane in _PLANES and message.sender in self._ways["up"]:
                faulty.setdefault(message.sender, []).append(message)
            else:
                heard.append(self._of_the_city(message, now_ms))
        if self._remembers:
            self._keep(said)
        busy = {name for direction, name in self._busy if direction == "up"}
        for sender in sorted(busy | faulty.keys()):
            heard += self._carry(sender, now_ms, faulty.get(sender, []))
        self.mixed = bool(busy or faulty)
        self._before_ms, self._turned_ms = self._turned_ms, now_ms
        if last:
            self._tell_rest()
        return heard

    def _of_the_city(self, message: Message, now_ms: int) -> Message:
        """A message that goes over nobody's link; but the rows of a frame went over many."""
        body = message.body
        if isinstance(body, TelemetryFrame):
            return msgspec.structs.replace(message, body=self._rows.heard(body, now_ms, self._row_stages))
        return message

    def _find_rows(self) -> None:
        ways = self._ways["up"]
        rows = enumerate(self._ends.vehicles)
        self._row_stages = {row: ways[name].rows for row, name in rows if name in ways}

    def _keep(self, said: Sequence[Message]) -> None:
        for message in said:
            if message.sender in self._vehicles and message.body.plane is Plane.TELEMETRY:
                self._memory.setdefault(message.sender, deque(maxlen=REMEMBERED)).append(message)

    def _carry(self, sender: str, now_ms: int, said: list[Message]) -> list[Message]:
        """What one sender's link brings. In the order in which the sender spoke, on every road the same."""
        way = self._ways["up"][sender]
        out: list[Due[Message]] = []
        at_ms = max(0, self._turned_ms)
        for message in sorted(said, key=lambda m: (m.t_ms, m.body.plane, m.seq)):
            at_ms = max(at_ms, min(message.t_ms, now_ms))
            out += way.chain.send(at_ms, message)
        out += way.chain.due(now_ms)
        self._left_ms.update((id(due.message), due.at_ms) for due in out)
        self._settle("up", sender, way)
        return [due.message for due in out]

    @property
    def late_rows(self) -> bool:
        """Whether rows of frames may come late: then each tick's are wanted, however few frames are kept."""
        return any(stage.is_late for stages in self._row_stages.values() for stage in stages)

    # ---- down

    def down(self, name: str, now_ms: int, inbox: Sequence[Message]) -> Sequence[Message]:
        """What a participant hears, in the total order, of an inbox and of what was under way to it."""
        way = self._ways["down"].get(name)
        if way is None:
            return inbox
        heard = [message for message in inbox if message.body.plane not in _PLANES]
        coming = [(self._set_out_ms(m, now_ms), m) for m in inbox if m.body.plane in _PLANES]
        for at_ms, message in sorted(coming, key=lambda pair: pair[0]):
            heard += [due.message for due in way.chain_of(message).send(at_ms, message)]
        heard += way.due(now_ms)
        self._settle("down", name, way)
        sort_batch(heard, twins=True)
        return heard

    def hears(self, vehicle: str, now_ms: int, message: Message) -> list[Message]:
        """What a vehicle hears at once of a message on its way to it."""
        way = self._ways["down"].get(vehicle)
        if way is None:
            return [message]
        heard = [due.message for due in way.chain.send(self._set_out_ms(message, now_ms), message)]
        heard += way.due(now_ms)
        self._settle("down", vehicle, way)
        return heard

    def _set_out_ms(self, message: Message, now_ms: int) -> int:
        """When a message that is on the road now set out on a down link.

        As soon as it left the up link, or was said: a road turns once a tick, but takes no time of its own.
        """
        left_ms = self._left_ms.get(id(message), message.t_ms)
        return min(now_ms, max(0, self._before_ms, left_ms))

    def late(self, now_ms: int) -> list[tuple[str, Message]]:
        """What comes to vehicles late, and is there now: (vehicle, message), in the order of names."""
        heard = []
        for direction, name in sorted(self._busy):
            if direction == "down" and name in self._vehicles:
                way = self._ways[direction][name]
                heard += [(name, message) for message in way.due(now_ms)]
                self._settle(direction, name, way)
        return heard

    # ---- participant

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        """Nothing: late messages come by `up`, `down` and `late`."""

    def next_wake_ms(self) -> int | None:
        times = [self._ways[direction][name].next_due_ms() for direction, name in self._busy]
        return min((at for at in times if at is not None), default=None)

    # ---- tampering

    def afflict(self, tamper_id: str, name: str, direction: Direction, what: Affliction) -> str:
        """Lay `what` on a link from the next turn on; "" or why it cannot be."""
        if name not in self._ends.of(direction):
            return f"expected somebody with a link {direction} in this process, found {name[:40]!r}"
        if isinstance(what, Replay) and (direction == "down" or name not in self._vehicles):
            return "only what a vehicle reports can be said again"
        if self.idle:
            self.idle, self._turned_ms = False, self._clock()
        way = self._ways[direction].get(name) or self._new_way(direction, name)
        way.prune()
        laid = self._laid.setdefault(tamper_id, [])
        if isinstance(what, Replay):
            old = tuple(self._memory.get(name, ()))
            laid.append(lay_replay(way, what, old, self._turned_ms + 1))
        else:
            laid.append(lay(way, self._noise, f"{tamper_id}/{len(laid)}", what))
        self._busy.add((direction, name))
        self._find_rows()
        return ""

    def touched(self, tamper_id: str) -> int:
        """How many messages were lost, late, doubled, changed or said again by what was laid under this id."""
        return sum(one.stage.touched for one in self._laid.get(tamper_id, ()))

    def relieve(self, tamper_id: str) -> None:
        """Take away all that was laid under this id. What is under way then still comes when it would."""
        for one in self._laid.pop(tamper_id, []):
            one.take_away(max(0, self._turned_ms))

    # ---- what is told

    def _settle(self, direction: Direction, name: str, way: Way) -> None:
        """After anything moved on a link: whether something is under way, and what was lost."""
        if way.next_due_ms() is None:
            self._busy.discard((direction, name))
        else:
            self._busy.add((direction, name))
        way.frames.take_losses()
        self._tell(direction, name, way.chain.take_losses())

    def _tell(self, direction: Direction, name: str, lost: Counter[LossCause]) -> None:
        for cause, count in sorted(lost.items()):
            self._told.say(MessagesLost(who=name, direction=direction, cause=cause, count=count))

    def _tell_rest(self) -> None:
        for direction, name in sorted(self._busy):
            waiting = self._ways[direction][name].chain.waiting
            if waiting:
                self._tell(direction, name, Counter({"on-the-way": waiting}))


class Hearing:
    """A participant behind its down link."""

    def __init__(self, name: str, inner: Participant, links: Links) -> None:
        self._name = name
        self._inner = inner
        self._links = links

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        self._inner.on_tick(tick, now_ms, self._links.down(self._name, now_ms, inbox))

    def next_wake_ms(self) -> int | None:
        return self._inner.next_wake_ms()
