"""Kernel events per second of the simulator, beside a bare SimPy loop of as many processes in the same run.

    python tools/bench/simulate.py [--vehicles 1000 10000] [--stops 6] [--rounds 3]

Ours is the whole world: autopilots, flights in phases, energy and mass booked twice and compared, signed orders
checked, every report put on the bus, sorted and hashed. The planner is left out (it has its own benchmark):
each vehicle gets one long route at the start. The rival is `yield env.timeout(...)` in a loop, with as many
processes and as many events: what SimPy itself costs. Rounds alternate between the two; the ratio is taken
round by round, and its spread is the noise.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time

import numpy as np
import simpy

from fleet.base.flight import Wind
from fleet.base.streams import Streams
from fleet.bus.memory import MemoryBus
from fleet.bus.order import inbox
from fleet.city.frame import Frame
from fleet.city.model import City, Place, Site
from fleet.messages.orders import FlyRoute, StopOrder
from fleet.messages.plane import Plane
from fleet.messages.reports import PickupRequested
from fleet.messages.run_id import RunId
from fleet.messages.seal import KeyPair
from fleet.record.digest import Digest
from fleet.sim.build import Setting, VehicleSpec, Waiting, build_terrain, build_world
from fleet.sim.kernel import Kernel
from fleet.sim.params import BUILT_IN_TYPES, DockingParams, SensorParams

SIDE_M, SITES, POINTS, TICK_MS = 6000.0, 50, 400, 1000
WORLD_READS = frozenset({Plane.COMMAND, Plane.INJECTION})


def setting(vehicles: int, stops: int, key: KeyPair) -> Setting:
    rng = np.random.default_rng([1, vehicles])
    sites = tuple(
        Site(f"s{i}", *map(float, rng.uniform(0, SIDE_M, 2)), base=True, accepts=frozenset({"paper"}),
             capacity_kg=1e9, pads=vehicles, chargers=vehicles)
        for i in range(SITES)
    )  # fmt: skip
    points = tuple(Place(f"p{i}", *map(float, rng.uniform(0, SIDE_M, 2))) for i in range(POINTS))
    waiting = tuple(
        _waiting(points[(v * stops + k) % POINTS], v, k) for v in range(vehicles) for k in range(stops)
    )
    return Setting(
        city=City("bench", Frame(10.0, 50.0)),
        sites=sites,
        points=points,
        types=BUILT_IN_TYPES,
        vehicles=tuple(VehicleSpec(f"v{v}", "light-collector", f"s{v % SITES}") for v in range(vehicles)),
        waiting=waiting,
        wind=Wind(2.0, 1.0),
        docking=DockingParams(),
        sensors=SensorParams(),
        trusted_keys={"dispatch": key.public},
        allowed_verbs={"dispatch": frozenset({"FlyRoute"})},
        run=key.run,
    )


def _waiting(point: Place, vehicle: int, k: int) -> Waiting:
    request = PickupRequested(
        pickup_id=f"w{vehicle}-{k}", point_id=point.id, district="", x_m=point.x_m, y_m=point.y_m,
        material="paper", declared_kg=1.0, declared_l=10.0, earliest_ms=0, latest_ms=10**9,
        service_ms=60_000, priority=1, requester="",
    )  # fmt: skip
    return Waiting(0, request, 1.0, 10.0)


def route(spec: VehicleSpec, world: Setting, vehicle: int, stops: int) -> FlyRoute:
    orders = []
    for k in range(stops):
        request = world.waiting[vehicle * stops + k].request
        orders.append(
            StopOrder(kind="pickup", target=request.pickup_id, x_m=request.x_m, y_m=request.y_m, mass_kg=1.0)
        )
        if k % 2:
            site = world.sites[(vehicle + k) % SITES]
            orders.append(
                StopOrder(kind="dock", target=site.id, x_m=site.x_m, y_m=site.y_m, unload=True, charge=True)
            )
    return FlyRoute(order_id=f"o{vehicle}", vehicle=spec.id, append=True, stops=tuple(orders))


def ours(vehicles: int, stops: int) -> tuple[int, float]:
    """(kernel events, seconds) of one run, building and orders left out."""
    streams = Streams(1)
    key = KeyPair(streams.secret("key"), RunId.of_seed(streams))
    things = setting(vehicles, stops, key)
    kernel = Kernel()
    bus = MemoryBus(lambda: kernel.now_ms)
    world, _ = build_world(things, kernel, build_terrain(things), streams, bus.port)
    dispatch = bus.port("dispatch", key)
    digest = Digest()
    world.start()
    for index, spec in enumerate(things.vehicles):
        dispatch.say_signed(route(spec, things, index, stops))
    tick = 0
    for tick in (1, 2):
        kernel.advance(tick * TICK_MS)
        world.on_tick(tick, tick * TICK_MS, inbox(bus.turn(), WORLD_READS))
    gc.collect()
    gc.freeze()
    before, start = kernel.events, time.perf_counter()
    while kernel.peek_ms is not None:
        tick = tick + 1 if bus.pending else kernel.peek_ms // TICK_MS + 1
        kernel.advance(tick * TICK_MS)
        batch = bus.turn()
        digest.hear(tick, batch)
        world.on_tick(tick, tick * TICK_MS, inbox(batch, WORLD_READS))
    seconds = time.perf_counter() - start
    gc.unfreeze()
    return kernel.events - before, seconds


def bare(processes: int, events: int) -> float:
    """Seconds that SimPy takes for as many events in as many processes."""
    env = simpy.Environment()
    waits = np.random.default_rng(1).integers(1_000, 120_000, 4096).tolist()

    def process(start: int, count: int) -> simpy.events.ProcessGenerator:
        for k in range(count):
            yield env.timeout(waits[(start + k) & 4095])

    for i in range(processes):
        env.process(process(i * 7, events // processes))
    gc.collect()
    gc.freeze()
    start = time.perf_counter()
    env.run()
    seconds = time.perf_counter() - start
    gc.unfreeze()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vehicles", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--stops", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    gc.set_threshold(50_000, 20, 100)  # as a run sets it; for both sides
    print("vehicles  events   ours/s    bare SimPy/s  ratio (median, min..max over rounds)")
    for vehicles in arguments.vehicles:
        ratios, our_rates, bare_rates, events = [], [], [], 0
        for _ in range(arguments.rounds):
            events, seconds = ours(vehicles, arguments.stops)
            rival = bare(vehicles, events)
            our_rates.append(events / seconds)
            bare_rates.append(events / rival)
            ratios.append(rival / seconds)
        print(
            f"{vehicles:8d}  {events:7d}  {statistics.median(our_rates):8,.0f}  "
            f"{statistics.median(bare_rates):12,.0f}  {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f}..{max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
