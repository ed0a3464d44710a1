"""Two small cities that can be lived through again and again, with a red participant that asks for tampering.

`Corners` is a whole run of `configs/four-corners.yaml`, planner and all; `Town` is the toy world of `tests.sim`
under fixed orders. Both give back everything that was heard and, for each tick, the state of the world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.base.streams import Streams
from fleet.bus.memory import MemoryBus
from fleet.messages.envelope import Message
from fleet.messages.frames import unpack
from fleet.messages.plane import Body, Plane
from fleet.messages.port import Port, Seat
from fleet.messages.reports import STATES
from fleet.sim.build import VehicleSpec, build_sensors
from fleet.sim.sensornet.params import SensorNetworkParams, TagsParams
from fleet.sim.sensors import Sensors
from fleet.sim.world import World
from tests.sim.toy import Toy, dock, pickup, waste

Asks = Mapping[int, Sequence[Body]]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sample:
    """The world at a tick, after everything that was heard at it: arrays by vehicle. `told_*` is from a frame."""

    true: np.ndarray
    believed: np.ndarray
    battery_wh: np.ndarray
    phases: tuple[str, ...]
    loads: tuple[dict[str, float], ...]
    navigations: tuple[str, ...]
    told_x: np.ndarray
    told_height: np.ndarray
    told_speed: np.ndarray
    told_battery: np.ndarray
    told_states: tuple[str, ...]
    ranges: tuple[dict[int, float], ...]
    """What anchors measured of each vehicle, by the anchor's number."""


def sample(world: World, sensors: Sensors, tick: int, now_ms: int) -> Sample:
    motion = world.parts.motion
    frame = sensors.telemetry(tick, now_ms, list(world.bodies))
    heard = sensors.ranges(tick, now_ms)
    ranges: tuple[dict[int, float], ...] = tuple({} for _ in world.bodies)
    columns = (unpack(heard.vehicle, "<u2"), unpack(heard.anchor, "<u2"), unpack(heard.range_m))
    for vehicle, anchor, range_m in zip(*(column.tolist() for column in columns), strict=True):
        ranges[vehicle][anchor] = range_m
    return Sample(
        true=np.column_stack(motion.true(now_ms)),
        believed=np.column_stack(motion.nominal(now_ms)),
        battery_wh=motion.batteries_wh(now_ms),
        phases=tuple(b.phase for b in world.bodies),
        loads=tuple(dict(b.load) for b in world.bodies),
        navigations=tuple(b.navigation for b in world.bodies),
        told_x=unpack(frame.x_m),
        told_height=unpack(frame.height_m),
        told_speed=unpack(frame.speed_mps),
        told_battery=unpack(frame.battery_wh),
        told_states=tuple(STATES[code] for code in unpack(frame.state, "<u1")),
        ranges=ranges,
    )


@dataclass
class Run:
    """What was heard, with its tick; the samples by tick; the world at the end."""

    heard: list[tuple[int, Message]]
    samples: dict[int, Sample]
    world: World

    @property
    def names(self) -> list[str]:
        return [body.id for body in self.world.bodies]

    def of(self, kind: type, vehicle: str | None = None) -> list[tuple[int, Message]]:
        """(tick, message) of a type, of one vehicle if it is named."""
        return [
            (t, m)
            for t, m in self.heard
            if isinstance(m.body, kind) and vehicle in (None, getattr(m.body, "vehicle", None))
        ]


class Script:
    """A participant that says what it was given, and looks at the world at every tick."""

    def __init__(self, asks: Asks, port: Port, look) -> None:
        self._asks, self._port, self._look, self._next_ms = asks, port, look, 0

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        self._look(tick, now_ms)
        self._next_ms = now_ms + 1000
        for body in self._asks.get(tick, ()):
            self._port.say(body)

    def next_wake_ms(self) -> int | None:
        return self._next_ms


class Ear:
    """A listener that keeps what is no frame."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, Message]] = []

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        self.heard += [(tick, m) for m in batch]


@dataclass(frozen=True, eq=False)
class Scene:
    """What a stage has beside its own: settings of `Corners`, and of the setting of `Town`'s world."""

    changes: tuple[str, ...] = ()
    town: Mapping[str, object] = field(default_factory=dict)


PLAIN = Scene()


class Corners:
    """Four Corners for half an hour."""

    def __init__(self, seed: int, scene: Scene = PLAIN) -> None:
        self.seed, self.scene = seed, scene

    def live(self, asks: Asks) -> Run:
        changes = [
            f"seed={self.seed}", "run.duration_h=0.5", "sensor_network.tags.share=1", *self.scene.changes,
        ]  # fmt: skip
        parts = load_scenario(ROOT / "configs" / "four-corners.yaml", changes).build(MemoryBus)
        parts.links.remember()
        samples: dict[int, Sample] = {}

        def look(tick: int, now_ms: int) -> None:
            samples[tick] = sample(parts.world, parts.sensors, tick, now_ms)

        script = Seat(Script(asks, parts.bus.port("red/script"), look), frozenset({Plane.INJECTION}))
        ear = Ear()
        Runner(replace(parts, seats=(*parts.seats, script)), [ear]).run()
        return Run(ear.heard, samples, parts.world)


class Town:
    """The toy world for twenty minutes: three vehicles, two rounds of orders."""

    def __init__(self, seed: int, scene: Scene = PLAIN) -> None:
        self.seed, self.scene = seed, scene

    def live(self, asks: Asks) -> Run:
        fleet = tuple(VehicleSpec(f"v{n}", "light-collector", "home") for n in range(3))
        waiting = tuple(waste(n, n % 6, announced_ms=5000 * n) for n in range(12))
        tagged = SensorNetworkParams(tags=TagsParams())
        own = {"vehicles": fleet, "waiting": waiting, "sensor_network": tagged, **self.scene.town}
        toy = Toy(seed=self.seed, tampering=True, **own)
        sensors = build_sensors(toy.setting, Streams(self.seed), toy.motion)
        red, home = toy.bus.port("red/script"), dock("home", unload=True, charge=True)
        orders = {
            70: [("v0", pickup(2), pickup(1), home), ("v1", pickup(3), pickup(5), home)],
            75: [("v2", pickup(0), pickup(4), home)],
            300: [("v0", pickup(8, 2), home), ("v1", pickup(9, 3), home), ("v2", pickup(7, 1), home)],
        }
        heard = [(0, m) for m in toy.said]
        samples: dict[int, Sample] = {}
        for _ in range(1200):
            for vehicle, *stops in orders.get(toy.tick, ()):
                toy.order(vehicle, *stops, append=True)
            for body in asks.get(toy.tick, ()):
                red.say(body)
            known = len(toy.said)
            toy.run(1)
            heard += [(toy.tick, m) for m in toy.said[known:]]
            samples[toy.tick] = sample(toy.world, sensors, toy.tick, toy.now_ms)
        known = len(toy.said)
        toy.close()
        heard += [(toy.tick + 1, m) for m in toy.said[known:]]
        return Run(heard, samples, toy.world)
