"""A dispatcher at its desk in the toy town, with nobody outside: reports are said to it, orders are read off."""

from dataclasses import replace

import numpy as np

from fleet.base.flight import Wind
from fleet.bus.memory import MemoryBus
from fleet.dispatch.belief import Belief, VehicleBelief
from fleet.dispatch.dispatcher import Dispatcher
from fleet.dispatch.params import DispatchParams
from fleet.dispatch.rounds import Atlas
from fleet.messages.envelope import Envelope
from fleet.messages.orders import OrderIssued
from fleet.messages.plane import Plane
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.messages.seal import KeyPair, Verifier
from fleet.plan.budget import Iterations
from fleet.plan.planner import solve
from fleet.plan.problem import Charger, Dock, VehicleType
from fleet.plan.result import Result
from fleet.plan.travel import travel_matrices
from fleet.sim.params import BUILT_IN_TYPES
from tests.messages.runs import RUN
from tests.sim.toy import POINTS, SITES, Toy

KEY, AUTHORITY, BLUE, NEW = (KeyPair(bytes([n]) * 32, RUN) for n in (1, 2, 4, 5))
PERIOD_S = 300
DAY_MS = 8 * 3_600_000


def planned(problem, search=None) -> Result:
    """A plan, with less work than a scenario's."""
    return solve(problem, Iterations(100))


def atlas(wind: Wind | None = None) -> Atlas:
    """The toy town for light collectors."""
    terrain = Toy(wind=wind or Wind()).terrain
    layer = terrain.layers["light-collector"]
    kind = BUILT_IN_TYPES["light-collector"]
    travel, effort = travel_matrices(layer.network, kind.airframe(), layer.wind, 1.15)
    light = VehicleType(
        "light-collector", kind.empty_kg, kind.payload_kg, kind.volume_l, kind.battery_wh, kind.reserve_wh,
        kind.airframe().power_coefficient,
    )  # fmt: skip
    docks = tuple(
        Dock(
            site.id, node, site.accepts, 60_000, Charger("swap", 90_000) if site.chargers else None, pads=site.pads
        )
        for node, site in enumerate(SITES)
    )
    return Atlas(
        types=(light,),
        docks=docks,
        capacity_kg={site.id: site.capacity_kg for site in SITES},
        node_of={name: node for node, name in enumerate(terrain.names)},
        x_m=terrain.x_m,
        y_m=terrain.y_m,
        travel_ms=(travel,),
        effort_h=(effort,),
        end_ms=DAY_MS,
    )


ATLAS = atlas()


def belief(vehicles=2) -> Belief:
    return Belief(
        {f"v{n}": VehicleBelief(f"v{n}", 0, 0, "home", 599.4) for n in range(vehicles)},
        {site.id: (site.x_m, site.y_m) for site in SITES},
        {point.id for point in POINTS},
    )


def reported(vehicle="v0", state="idle", site="home", **changes) -> VehicleReported:
    at = next(s for s in SITES if s.id == site)
    said = {
        "vehicle": vehicle, "state": state, "x_m": at.x_m, "y_m": at.y_m, "battery_wh": 599.4, "load_kg": 0.0,
        "load_l": 0.0, "order_id": "", "step": 0, "bound_for": "",
    }  # fmt: skip
    return VehicleReported(**said | changes)


class Desk:
    """Tick by tick: `hear` bodies, read what was said in answer."""

    def __init__(self, vehicles=2, *, solve=planned, atlas_of=lambda shut, now_ms: ATLAS, **params) -> None:
        self.now_ms = 0
        self.bus = MemoryBus(lambda: self.now_ms)
        self.belief = belief(vehicles)
        self.port = self.bus.port("dispatch", KEY)
        self.blue = self.bus.port("respond", BLUE)
        self.dispatcher = Dispatcher(
            atlas_of=atlas_of,
            belief=self.belief,
            params=DispatchParams(**{"period_s": PERIOD_S, **params}),
            solve=solve,
            port=self.port,
            authority=self.bus.port("authority", AUTHORITY),
            new_key=lambda number: NEW,
            trusted=Verifier(
                {"respond": BLUE.public}, {"respond": frozenset({"QuarantineVehicle", "RevokeKey"})}, RUN
            ),
        )
        self.said: list[Envelope] = []

    def hear(self, *bodies, seconds=1, said=()) -> list:
        """Let time pass, say `bodies`, and give what dispatch says to it."""
        self.now_ms += 1000 * seconds
        reports = [Envelope(sender="x", seq=0, t_ms=self.now_ms, body=body) for body in bodies]
        self.dispatcher.on_tick(self.now_ms // 1000, self.now_ms, [*reports, *said])
        answer = self.bus.turn()
        self.said += answer
        return [message.body for message in answer]

    def next_round(self, *bodies) -> list:
        """Skip to the next round of planning."""
        ahead = PERIOD_S * 1000 - self.now_ms % (PERIOD_S * 1000)
        return self.hear(*bodies, seconds=ahead // 1000)

    def issued(self) -> list[OrderIssued]:
        return [m.body for m in self.said if isinstance(m.body, OrderIssued)]

    def commands(self) -> list[Envelope]:
        return [m for m in self.said if m.body.plane is Plane.COMMAND]

    def answer(self, cause="", vehicle="v0", order_id="", sender="dispatch") -> list:
        last = order_id or self.issued()[-1].order_id
        return self.hear(
            OrderAnswered(vehicle=vehicle, order_id=last, claimed_sender=sender, counter=0, cause=cause)
        )


def counted(solve):
    """A solver that keeps the problems it was given."""
    problems = []

    def solver(problem, search) -> Result:
        problems.append(problem)
        return solve(problem, search)

    return solver, problems


def far_away(view: Atlas, site: str) -> Atlas:
    """The same town with a site that nobody can fly to."""
    node = view.node_of[site]
    travel = view.travel_ms[0].copy()
    effort = view.effort_h[0].copy()
    travel[:, node], effort[:, node] = 10**9, np.inf
    travel[node, node], effort[node, node] = 0, 0.0
    return replace(view, travel_ms=(travel,), effort_h=(effort,))
