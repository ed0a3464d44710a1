"""The outward side of one run: doors, gate, lock-step seats, recorders; opened, and closed, in the right order.

The doors are opened first, so that a taken port or a missing key is told before anything is built. Nothing here
decides anything about the city.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Literal

from fleet.app.admission import Admission, BusOptions
from fleet.app.build import Guests, Parts
from fleet.app.keep import Thinned, frames_every
from fleet.app.pace import Remote
from fleet.app.provenance import Outsiders
from fleet.app.run import Company, Pace
from fleet.app.scenario import Scenario
from fleet.app.seats import Locked, SeatOptions, barrier_for
from fleet.app.tape import ListedBus
from fleet.app.teams import awaited_text, first_key, reserved_senders
from fleet.base.errors import FleetError
from fleet.base.streams import Streams
from fleet.bus.doors import Doors
from fleet.bus.feed import Feed
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.lockstep import Barrier
from fleet.bus.picture import Picture, RunFacts
from fleet.messages.envelope import Message
from fleet.messages.notices import CityMap
from fleet.messages.port import Listener
from fleet.messages.run_id import RUN_ID_BYTES, RunId

BYTES_PER_VEHICLE = 25
"""What a telemetry frame takes for each."""
LOOK_S = 0.1
FAILED_S = 5.0
"""How long a run that broke waits for its recorders."""

Say = Callable[[str], None]
Status = Literal["complete", "interrupted", "failed"]


class Host:
    """Everything of a run that faces outwards. Order of calls: `meet`, `feed`, `await_readers`, `end`, `close`.

    Raises `UsageError` for an endpoint that cannot be listened at, or a lock that is not allowed.
    """

    def __init__(
        self, scenario: Scenario, options: BusOptions, seats: SeatOptions, admission: Admission, say: Say
    ) -> None:
        self._options = options
        self._seats = seats
        self.admission = admission
        self._say = say
        self._stack = ExitStack()
        vehicles = sum(group.count for group in scenario.fleet.groups)
        self._doors = self._stack.enter_context(
            Doors(admission.endpoint, admission.keyring, frame_bytes=1_000 + BYTES_PER_VEHICLE * vehicles)
        )
        self.url = self._doors.endpoints.reachable
        self._buses: list[ListedBus] = []
        self._keys = dict(admission.order_keys)
        self._senders = set(admission.senders)
        # Drawn by chance, so that what people sign for it holds in no other run. No digest covers it.
        self._run = RunId(secrets.token_hex(RUN_ID_BYTES))
        self.gate: Gate
        self._met = False
        self._published = False
        """Whether viewers were told that the run is over."""
        self._barrier: Barrier | None = None
        self._feed: Feed | None = None
        self._recorders: Listener | None = None

    # ---- before the first tick

    @property
    def away(self) -> frozenset[str]:
        """The scenario's teams that are not to be built."""
        return self._seats.away

    @property
    def guests(self) -> Guests:
        """Whose orders count from the beginning."""
        return Guests(self._run, self._keys, locked=self.admission.keyring is not None)

    def bus_of(self, clock: Callable[[], int]) -> ListedBus:
        """The road inside."""
        self._buses.append(ListedBus(clock))
        return self._buses[-1]

    def meet(self, parts: Parts, pace: tuple[float, bool], meanwhile: Callable[[], None]) -> None:
        """Open the gate of built parts, and wait until every awaited seat is taken.

        `pace` is the speed the run begins with, and whether it begins paused. `meanwhile` is called while it
        waits. Raises `RunError` if a seat stays free.
        """
        scenario = parts.scenario
        inside = frozenset(self._buses[-1].inside) | {"outside"}
        # Nobody at the other doors may speak as who has a seat, or will have one.
        inside |= reserved_senders(scenario, self._seats.names) - self._senders
        span = scenario.run.span
        facts = RunFacts(scenario.name, scenario.run.tick_ms, span.end_ms, span.start_hour, self._run)
        self.gate = Gate(
            self._doors,
            Intake(self.admission.trusted, self._run, inside=inside),
            tick_ms=scenario.run.tick_ms,
            picture=Picture(facts),
            city=_city_map(parts),
            pace=pace,
            unattended=() if self._seats.names else ("lockstep",),
        )
        self._met = True
        self._stack.callback(self.gate.close)
        parts.siege.join(parts.bus.port("outside"), self._doors.next_notice)
        if not self._seats.names:
            return
        public_of = self.admission.public_of
        self._barrier = barrier_for(
            parts,
            self._doors,
            self._seats,
            locked=None if public_of is None else Locked(public_of, self._run),
            reserved=frozenset(self._senders),
            meanwhile=meanwhile,
            say=self._say,
        )
        self._say(awaited_text(self._seats.names))
        self._barrier.await_seats(self._seats.await_s)
        self._say("everybody has joined")
        self._note_seated(scenario, self._barrier)

    def _note_seated(self, scenario: Scenario, barrier: Barrier) -> None:
        streams = Streams(scenario.seed)
        for holder in barrier.holders:
            for sender in holder.senders:
                public_of = self.admission.public_of
                self._senders.add(sender)
                if public_of is not None and holder.peer.name:
                    self._keys[sender] = public_of(holder.peer.name)
                else:
                    self._keys[sender] = first_key(streams, sender).public

    @property
    def outsiders(self) -> Outsiders:
        """Who is outside, as known before the first tick."""
        return Outsiders(self._run, tuple(self._senders), self._keys, self.away)

    def feed(
        self, parts: Parts, scenario_yaml: str, info: Mapping[str, Any], meanwhile: Callable[[], None]
    ) -> None:
        """Open the record door: from now on recorders elsewhere are fed.

        `meanwhile` is called while the run waits for one of them.
        """
        frame = parts.setting.city.frame
        self._feed = Feed(
            self._doors,
            scenario=scenario_yaml,
            info=info,
            map_origin=(frame.lon, frame.lat),
            say=self._say,
            meanwhile=meanwhile,
        )
        self._recorders = Thinned(self._feed, frames_every(parts.scenario))

    def await_readers(self, meanwhile: Callable[[], None]) -> None:
        """Wait for somebody who reads, as long as the user wants; say so if nobody came."""
        until_s = time.monotonic() + self._options.wait_s
        while self._options.wait_s and not self._is_read():
            meanwhile()
            if time.monotonic() >= until_s:
                self._say(f"nobody subscribed within {self._options.wait_s:g} s")
                return

    def _is_read(self) -> bool:
        return self.gate.await_reader(LOOK_S) or (self._feed is not None and self._feed.await_reader(0.0))

    # ---- during the run

    @property
    def remote(self) -> Remote:
        """Where control orders come from."""
        return self.gate if self._feed is None else _Watchful(self.gate, self._feed)

    @property
    def listeners(self) -> list[Listener]:
        """Who hears everything for those outside."""
        return [self.gate] if self._recorders is None else [self.gate, self._recorders]

    @property
    def watched(self) -> bool:
        """Whether anybody outside wants a telemetry frame at each tick."""
        return self.gate.watched or self._seats.agents

    def company(self, pace: Pace) -> Company:
        """What the beat of the run is to know of the outside."""
        return Company(outside=self.gate, team=self._barrier, pace=pace)

    # ---- after the last tick

    def end(self, status: Status, digest: str, results: Mapping[str, Any]) -> None:
        """Tell everybody that the run is over, and wait for recorders. Raises `RunError` if one cannot write."""
        self._publish_end(status, digest)
        if self._barrier is not None:
            self._barrier.finish("" if status == "complete" else status)
        if self._feed is not None:
            self._feed.end(status, results)

    def fail(self, digest: str) -> None:
        """The same for a run that broke, to whom it was not told yet; recorders are waited for only a moment.

        Raises no error of the run, because what broke it is what the user should read.
        """
        with suppress(FleetError):
            self._publish_end("failed", digest)
        if self._barrier is not None:
            with suppress(FleetError):
                self._barrier.finish("the run failed")
        if self._feed is not None:
            with suppress(FleetError):
                self._feed.end("failed", {}, patience_s=FAILED_S)

    def _publish_end(self, status: Status, digest: str) -> None:
        if self._met and not self._published:
            self._published = True
            self.gate.end(status, digest)

    def close(self) -> None:
        """Shut everything; a second call does nothing."""
        self._stack.close()


class _Watchful:
    """The gate as a pace sees it. While a run waits nothing is said to its recorders, so they are looked after."""

    def __init__(self, gate: Gate, feed: Feed) -> None:
        self._gate = gate
        self._feed = feed

    def take_control(self, tick: int | None = None) -> Sequence[Message]:
        return self._gate.take_control(tick)

    def wait(self, timeout_s: float) -> None:
        self._feed.look()
        self._gate.wait(timeout_s)

    def beat(self, speed: float, paused: bool) -> None:
        self._gate.beat(speed, paused)


def _city_map(parts: Parts) -> CityMap:
    from fleet.city.save import city_to_geojson

    city = parts.setting.city
    return CityMap(
        geojson=json.dumps(city_to_geojson(city), ensure_ascii=False, separators=(",", ":")),
        origin_lon=city.frame.lon,
        origin_lat=city.frame.lat,
        crs=city.frame.proj,
    )
