"""A run that is only played: what a gate would publish, for a city of blocks with drones that circle in it."""

import asyncio
import json
import math
from collections.abc import AsyncIterator

import numpy as np

from fleet.city.frame import Frame as LocalFrame
from fleet.dashboard.source import BusMessage
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope
from fleet.messages.frames import TelemetryFrame, pack
from fleet.messages.notices import Beat, CityMap, RunEnded, Snapshot
from fleet.messages.plane import Body
from fleet.messages.reports import STATES, PickupCollected, PickupRequested, VehicleReported, VehicleRoster
from fleet.messages.security import Alert
from tests.messages.runs import RUN

ORIGIN = (7.42, 43.74)
HALF_M = 1_500.0
LOCAL = LocalFrame(*ORIGIN)


def degrees(points: list[tuple[float, float]]) -> list[list[float]]:
    """Metres to the coordinates of a GeoJSON line."""
    lon, lat = LOCAL.to_degrees(*np.array(points).T)
    return [[round(float(a), 7), round(float(b), 7)] for a, b in zip(lon, lat, strict=True)]


def box(x: float, y: float, w: float, h: float) -> dict:
    ring = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
    return {"type": "Polygon", "coordinates": [degrees(ring)]}


def feature(kind: str, geometry: dict, **properties: object) -> dict:
    return {"type": "Feature", "properties": {"kind": kind, **properties}, "geometry": geometry}


def city_map(blocks: int = 60) -> CityMap:
    """A square of `blocks` x `blocks` buildings, a hospital's and an airport's zone, three sites."""
    step = 2 * HALF_M / blocks
    cells = [(-HALF_M + i * step, -HALF_M + j * step) for i in range(blocks) for j in range(blocks)]
    features = [
        feature("district", box(-HALF_M, -HALF_M, HALF_M, 2 * HALF_M), id="west", name="West"),
        feature("no_fly", box(-300, 400, 420, 300), id="z1", reason="hospital", floor_m=0, ceiling_m=120),
        feature("no_fly", box(700, -1200, 600, 500), id="z2", reason="airport", floor_m=0, ceiling_m=120),
        *(
            feature("building", box(x + 8, y + 8, step - 16, step - 16), id=f"b{n}", height_m=9.0)
            for n, (x, y) in enumerate(cells)
        ),
    ]  # fmt: skip
    for name, at in (("depot", (-900.0, -800.0)), ("plant", (1_000.0, 900.0)), ("pad", (0.0, -400.0))):
        features.append(
            feature("site", {"type": "Point", "coordinates": degrees([at])[0]}, id=name, base=name == "depot")
        )
    text = json.dumps(
        {"type": "FeatureCollection", "name": "Blocks", "attribution": "Invented.", "features": features}
    )
    return CityMap(geojson=text, origin_lon=ORIGIN[0], origin_lat=ORIGIN[1], crs="+proj=aeqd")


class Play:
    """A `Source`, an `Operator` and the run behind both.

    `tick` makes the next tick happen; `run` does so by the clock. `vehicles` circle at different radii inside
    the city, so that each is in view and none stands still.
    """

    def __init__(self, vehicles: int = 20, *, blocks: int = 60, pickups: int = 30) -> None:
        self.names = tuple(f"drone-{n + 1:05d}" for n in range(vehicles))
        self.city_map = city_map(blocks)
        self.at = 0
        self.speed, self.paused = 1.0, False
        self.orders: list[Body] = []
        self.refuse = ""
        self.lose: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._queue: asyncio.Queue[BusMessage | None] = asyncio.Queue()
        spread = np.random.default_rng(7)
        self._radius = spread.uniform(150, HALF_M - 100, vehicles)
        self._phase = spread.uniform(0, 2 * math.pi, vehicles)
        self._open = {
            f"p{n}": PickupRequested(
                pickup_id=f"p{n}", point_id=f"p{n}", district="west", x_m=float(spread.uniform(-1400, 1400)),
                y_m=float(spread.uniform(-1400, 1400)), material="glass", declared_kg=2.0, declared_l=9.0,
                earliest_ms=0, latest_ms=3_600_000, service_ms=30_000, priority=1, requester="citizen",
            )
            for n in range(pickups)
        }  # fmt: skip
        self._collected = 0
        self._alerts: list[Alert] = []

    async def city(self) -> bytes:
        return self._sealed(self.city_map)

    async def snapshot(self) -> bytes:
        return self._sealed(self.state())

    async def messages(self) -> AsyncIterator[BusMessage]:
        while (message := await self._queue.get()) is not None:
            yield message

    async def order(self, body: Body) -> str:
        self.orders.append(body)
        return self.refuse

    def state(self) -> Snapshot:
        """The snapshot now."""
        return Snapshot(
            name="play", run_id=RUN.digits, tick=self.at, now_ms=self.at * 1000, tick_ms=1000,
            end_ms=3_600_000, start_hour=8.0, speed=self.speed, paused=self.paused, numbers=dict(self._numbers),
            roster=self.roster(), frame=self.frame(), vehicles=tuple(self.reports()),
            open_pickups=tuple(self._open.values()), collected=self._collected, missed=0,
            alerts=tuple(self._alerts), airspace=(),
        )  # fmt: skip

    def roster(self) -> VehicleRoster:
        return VehicleRoster(
            vehicles=self.names, anchors=(), anchor_x_m=(), anchor_y_m=(), anchor_sigma_m=1.0, gnss_sigma_m=1.5
        )

    def where(self) -> tuple[np.ndarray, np.ndarray]:
        """Where everybody is."""
        angle = self._phase + self.at * 15.0 / self._radius
        return self._radius * np.cos(angle), self._radius * np.sin(angle)

    def frame(self) -> TelemetryFrame:
        n = len(self.names)
        x_m, y_m = self.where()
        state = np.arange(n) % STATES.index("lost")
        full = np.full(n, 1.0)
        return TelemetryFrame(
            tick=self.at, x_m=pack(x_m), y_m=pack(y_m), height_m=pack(full * 60), speed_mps=pack(full * 15),
            battery_wh=pack(100.0 + np.arange(n)), load_kg=pack(full), state=pack(state, "<u1"),
        )  # fmt: skip

    def reports(self) -> list[VehicleReported]:
        x_m, y_m = self.where()
        return [
            VehicleReported(
                vehicle=name, state="cruising", x_m=float(x_m[n]), y_m=float(y_m[n]), battery_wh=100.0,
                load_kg=1.0, load_l=4.0, order_id="o-1", step=0, bound_for="plant",
            )
            for n, name in enumerate(self.names)
        ]  # fmt: skip

    def say(self, body: Body) -> None:
        """Publish; a topic in `lose` takes its number and never arrives."""
        topic = type(body).__name__
        number = self._numbers.get(topic, 0)
        self._numbers[topic] = number + 1
        if topic not in self.lose:
            self._queue.put_nowait(BusMessage(topic, number, self._sealed(body)))

    def tick(self) -> None:
        """One tick, its frame and its beat."""
        self.at += 1
        self.say(self.frame())
        self.say(Beat(tick=self.at, now_ms=self.at * 1000, speed=self.speed, paused=self.paused))

    def collect(self, vehicle: int) -> str:
        """The first open pickup is emptied; its id."""
        pickup_id = next(iter(self._open))
        del self._open[pickup_id]
        self._collected += 1
        self.say(
            PickupCollected(
                vehicle=self.names[vehicle], pickup_id=pickup_id, material="glass", scale_kg=2.5, volume_l=9.0
            )
        )
        return pickup_id

    def alarm(self, vehicle: int) -> Alert:
        alert = Alert(
            alert_id=f"a{len(self._alerts)}", detector="range_check", attack_class="gps-tow",
            entity=self.names[vehicle], score=9.25, threshold=6.5, evidence="87 m from where anchors see it",
        )  # fmt: skip
        self._alerts.append(alert)
        self.say(alert)
        return alert

    def end(self) -> None:
        """The run is over."""
        self.say(RunEnded(tick=self.at, status="complete", digest="ab" * 32))
        self._queue.put_nowait(None)

    async def run(self, hertz: float) -> None:
        """Tick by the clock, for as long as nobody cancels."""
        while True:
            self.tick()
            await asyncio.sleep(1.0 / hertz)

    def _sealed(self, body: Body) -> bytes:
        return encode(Envelope(sender="gate", seq=0, t_ms=self.at * 1000, body=body))
