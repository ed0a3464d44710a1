"""Whatever is done in whatever order, every ledger sums to zero and every account is what its holder has.

A machine of rules on the toy world. A room with stores of its own (plants, a grid) adds rules that act on
them, and what they hold to `holders`: every account must be what its holder's own state says, at every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fleet.messages.tamper import StartTamper, StopTamper
from fleet.messages.truth import WorldClosed
from fleet.sim.body import Waste
from fleet.sim.books import ITEMS, KG, WH, Account
from fleet.sim.build import VehicleSpec
from fleet.sim.params import DockingParams, SensorParams
from fleet.sim.troubles.kind import Incident
from fleet.sim.troubles.registry import discover
from tests.sim.toy import POINTS, SITES, Toy, dock, pickup, waste

FLEET = tuple(
    VehicleSpec(f"v{n}", kind, base)
    for n, (kind, base) in enumerate([("light-collector", "home"), ("heavy-collector", "far"), ("scout", "home")])
)
VEHICLES, STATIONS = st.sampled_from([v.id for v in FLEET]), st.sampled_from([s.id for s in SITES])
MATERIAL = st.sampled_from(["paper", "glass", "organics", "plastics", "batteries"])
CONTENTS = st.dictionaries(MATERIAL, st.sampled_from([0.2, 0.7, 2.0, 6.0]), min_size=1, max_size=3)
TROUBLES = discover()
BOOKED = sorted(name for name in TROUBLES if name.startswith(("pickup", "battery")))
"""Trouble that moves something from one account to another."""
NEAR = 1e-6


class Conservation(RuleBasedStateMachine):
    """A city in which anybody may do anything."""

    @initialize(
        docking=st.sampled_from([DockingParams(), DockingParams(charging="charge", charge_c_rate=3.0)]),
        sigma=st.sampled_from([0.0, 0.04, 0.2]),
        seed=st.integers(0, 3),
    )
    def found(self, docking: DockingParams, sigma: float, seed: int) -> None:
        sensors = SensorParams(flight_energy_sigma=sigma)
        self.toy = Toy(
            seed=seed, tampering=True, vehicles=FLEET, docking=docking, sensors=sensors, waiting=(waste(0, 0),)
        )
        self.red = self.toy.bus.port("red")
        self.calls = 1
        self.incidents = 0

    # ---- what the city does

    @rule(point=st.integers(0, len(POINTS) - 1), label=MATERIAL, contents=CONTENTS, litres=st.floats(1.0, 30.0))
    def announce(self, point: int, label: str, contents: Mapping[str, float], litres: float) -> None:
        """A citizen asks for a pickup, and calls it what they like."""
        parts, kg = self.toy.world.parts, sum(contents.values())
        request = waste(self.calls, point, kg=kg, litres=litres, material=label).request
        parts.waste[request.pickup_id] = Waste(
            id=request.pickup_id,
            node=parts.terrain.names.index(request.point_id),
            material=label,
            kg=kg,
            litres=litres,
            earliest_ms=0,
            latest_ms=10**8,
            service_ms=10_000,
            contents=dict(contents),
        )
        self.calls += 1
        self.toy.world.announce(request)

    @rule(vehicle=VEHICLES, share=st.floats(0.0, 0.999), append=st.booleans())
    def collect(self, vehicle: str, share: float, append: bool) -> None:
        number = int(share * self.calls)
        node = self.toy.world.parts.waste[f"p{number}"].node
        self.toy.order(vehicle, pickup(number, node - len(SITES)), append=append)

    @rule(vehicle=VEHICLES, site=STATIONS, unload=st.booleans(), charge=st.booleans(), append=st.booleans())
    def dock(self, vehicle: str, site: str, unload: bool, charge: bool, append: bool) -> None:
        self.toy.order(vehicle, dock(site, unload=unload, charge=charge), append=append)

    @rule(vehicle=VEHICLES, site=STATIONS)
    def recall(self, vehicle: str, site: str) -> None:
        self.toy.recall(vehicle, site)

    @rule(seconds=st.sampled_from([1, 7, 40, 200]))
    def pass_time(self, seconds: int) -> None:
        self.toy.run(seconds)

    # ---- what is done to it

    @rule(vehicle=VEHICLES, share=st.floats(0.01, 1.0))
    def skim(self, vehicle: str, share: float) -> None:
        load_kg = self.toy.body(vehicle).load_kg
        self._tamper("payload.skim", vehicle, mass_kg=max(0.001, share * load_kg))

    @precondition(lambda self: any(body.load for body in self.toy.world.bodies))
    @rule(into=MATERIAL)
    def swap(self, into: str) -> None:
        body = next(body for body in self.toy.world.bodies if body.load)
        self._tamper("payload.swap", body.id, material=min(body.load), replacement=into)

    @rule(vehicle=VEHICLES, power_w=st.sampled_from([5.0, 400.0]))
    def drain(self, vehicle: str, power_w: float) -> None:
        self._tamper("battery.drain", vehicle, power_w=power_w)

    @rule(vehicle=VEHICLES)
    def let_go(self, vehicle: str) -> None:
        self.red.say(StopTamper(tamper_id=f"battery.drain/{vehicle}"))
        self.toy.run(1)

    def _tamper(self, primitive: str, target: str, **parameters: float | str) -> None:
        self.red.say(
            StartTamper(
                tamper_id=f"{primitive}/{target}", primitive=primitive, target=target, parameters=parameters
            )
        )
        self.toy.run(1)

    @rule(
        name=st.one_of(st.sampled_from(sorted(TROUBLES)), st.sampled_from(BOOKED)),
        level=st.floats(0.02, 0.98),
        share=st.floats(0.0, 0.99),
        lasts_s=st.sampled_from([5, 60, 900]),
    )
    def go_wrong(self, name: str, level: float, share: float, lasts_s: int) -> None:
        """Something breaks, drifts or fails by itself."""
        kind = TROUBLES[name]
        whom = {
            "vehicle": [v.id for v in FLEET],
            "site": [s.id for s in SITES],
            "anchor": ["a0", "a1"],
            "pickup": [f"p{n}" for n in range(self.calls)],
            "city": ["city"],
        }[kind.whom]
        entity = whom[int(share * len(whom))]
        incident = Incident(f"{name}/{entity}/{self.incidents}", entity, kind.size.drawn(level, share), share)
        self.incidents += 1
        self.toy.troubles.happen(kind, incident, None if kind.lasts is None else 1000 * lasts_s)

    # ---- what holds

    def holders(self) -> Iterator[tuple[str, Account, float]]:
        """Every account of somebody who has a state of their own: (ledger, account, what they have)."""
        parts = self.toy.world.parts
        for body in parts.bodies:
            yield WH, ("battery", body.id), float(parts.motion.battery_wh[body.index])
            yield ITEMS, ("aboard", body.id), float(body.items)
            yield from _mass(("aboard", body.id), body.contents)
            for label, kg in body.load.items():
                assert abs(kg - sum(body.inside[label].values())) < NEAR
        for yard in parts.yards.values():
            yield ITEMS, ("stock", yard.id), float(yard.items)
            yield from _mass(("stock", yard.id), yard.stock)
        for one in parts.waste.values():
            yield ITEMS, ("waiting", one.id), float(one.there)
            yield from _mass(("waiting", one.id), one.contents if one.there else {})

    @invariant()
    def every_ledger_sums_to_zero(self) -> None:
        books = self.toy.books
        for ledger in (KG, WH, ITEMS, "credits", *books.ledgers):
            assert abs(sum(books.totals(ledger).values())) < NEAR, ledger
        assert max(books.residual.values()) < NEAR

    @invariant()
    def every_account_is_what_its_holder_has(self) -> None:
        for ledger, account, actual in self.holders():
            assert abs(self.toy.books.balance(ledger, account) - actual) < NEAR, (ledger, account)

    @invariant()
    def nothing_is_below_nothing(self) -> None:
        toy = self.toy
        assert (toy.motion.batteries_wh(toy.now_ms) > -1e-9).all()
        for yard in toy.world.parts.yards.values():
            assert yard.pads.free >= 0
            assert 0 <= yard.chargers.free <= yard.charger_count

    def teardown(self) -> None:
        """The day ends as any does."""
        if hasattr(self, "toy"):
            self.toy.run(120).close()
            (closed,) = self.toy.heard(WorldClosed)
            assert max(closed.residual_kg, closed.residual_wh, closed.residual_items) < NEAR


def _mass(account: Account, contents: Mapping[str, float]) -> Iterator[tuple[str, Account, float]]:
    """All of it, and each material."""
    yield KG, account, sum(contents.values())
    for material, kg in contents.items():
        yield f"{KG}/{material}", account, kg


Conservation.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestConservation = Conservation.TestCase
