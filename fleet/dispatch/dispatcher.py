"""The only author of orders: it hears, believes, plans in rounds, has every plan judged, and says what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from fleet.dispatch.belief import Belief, PickupBelief, VehicleBelief
from fleet.dispatch.params import DispatchParams
from fleet.dispatch.planning import Planner, Planning
from fleet.dispatch.rounds import (
    ORDER_DELAY_MS,
    Atlas,
    Round,
    dock_order,
    others_could,
    stop_orders,
)
from fleet.dispatch.shortage import powered, to_charge
from fleet.messages import orders
from fleet.messages.airspace import AIRSPACE, AirspaceChanged
from fleet.messages.envelope import Message
from fleet.messages.grid import GRID, PowerChanged
from fleet.messages.orders import FlyRoute, Recall, StopOrder
from fleet.messages.port import KeyedPort
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.messages.seal import KeyPair, Verifier
from fleet.plan.calendar import charge_ms
from fleet.plan.problem import UNREACHABLE_MS, Dock, Matrix
from fleet.plan.result import Result

AtlasOf = Callable[[Sequence[AirspaceChanged], int], Atlas]
"""The atlas while the zones that these messages tell of are announced or closed, in the wind of a moment, ms.

What a zone is comes from its message alone; what makes no zone is passed over."""
NewKey = Callable[[int], KeyPair]
MAX_RECALLS = 5
"""So often a vehicle is called home, or off, before it is given up as out of reach."""
ASK_AGAIN_MS = 900_000
"""Who was called off and has not been heard to be idle since is asked again after so long."""
NOT_FETCHED = "not-fetched"
"""Why a pickup is missed that was on a vehicle's route when the run ended; need 1, limit 0 (vehicles come)."""
Intent = orders.QuarantineVehicle | orders.RevokeKey


class Dispatcher:
    """A participant. `authority` is the port of the holder whom vehicles trust to change keys.

    `trusted` says whose intents are heeded.
    """

    def __init__(
        self,
        *,
        atlas_of: AtlasOf,
        belief: Belief,
        params: DispatchParams,
        solve: Planner,
        port: KeyedPort,
        authority: KeyedPort,
        new_key: NewKey,
        trusted: Verifier,
    ) -> None:
        self._atlas_of = atlas_of
        self._shut: dict[str, AirspaceChanged] = {}
        self._atlas = atlas_of((), 0)
        self._belief = belief
        self._planning = Planning(params, solve)
        self._port = port
        self._authority = authority
        self._new_key = new_key
        self._trusted = trusted
        self._keys = 0
        self._orders = 0
        self._rounds = 0
        self._given: dict[str, FlyRoute | Recall] = {}
        self._recalls: Counter[str] = Counter()
        self._heeded: set[tuple[str, str]] = set()

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        intents: list[Intent] = []
        for message in inbox:
            body = message.body
            self._belief.hear(body, now_ms)
            self._planning.hear(body, now_ms)
            if isinstance(body, OrderAnswered):
                self._answered(body, now_ms)
            elif isinstance(body, AirspaceChanged) and message.sender == AIRSPACE:
                self._take_airspace(body)
            elif isinstance(body, PowerChanged) and message.sender == GRID:
                self._belief.power(body)
            elif isinstance(body, VehicleReported) and body.state == "grounded":
                self._call_off(body.vehicle, now_ms)
            elif isinstance(body, Intent) and not self._trusted.check(message, now_ms):
                intents.append(body)
        for intent in sorted(intents, key=lambda i: not isinstance(i, orders.RevokeKey)):
            self._heed(intent, now_ms)
        if now_ms >= self._planning.next_ms:
            self._planning.begin(now_ms)
            self._atlas = powered(self._atlas_of(self._closed_now(now_ms), now_ms), self._belief.dark)
            self._take_back_unheard(now_ms)
            self._call_off_forgotten(now_ms)
            self._give_up_late(now_ms)
            self._send_loaded_to_unload(now_ms)
            for vehicle, dock in list(to_charge(self._atlas, self._belief, now_ms)):
                self._send_to(vehicle, dock, now_ms)
            held = self._planning.hold(self._atlas, self._belief, now_ms)
            if held is not None:
                self._carry_out(*held, now_ms)

    def next_wake_ms(self) -> int | None:
        next_ms = self._planning.next_ms
        return next_ms if next_ms <= self._atlas.end_ms else None

    def finish(self) -> None:
        """The day is over: whatever is still open is missed, and so is what a vehicle was to fetch and did not."""
        for pickup in list(self._belief.open.values()):
            _is_late(pickup, self._atlas.end_ms)
            self._miss(pickup)
        for pickup in self._belief.pickups.values():
            if pickup.status == "assigned":
                pickup.reason, pickup.need, pickup.limit = NOT_FETCHED, 1.0, 0.0
                self._miss(pickup)

    # ---- airspace

    def _take_airspace(self, body: AirspaceChanged) -> None:
        if body.state == "open":
            self._shut.pop(body.zone, None)
        else:
            self._shut[body.zone] = body

    def _closed_now(self, now_ms: int) -> tuple[AirspaceChanged, ...]:
        """What is believed to be announced or closed, in the order of the ids.

        What was to end is over once its end is past, though nobody has been heard to say so.
        """
        for zone in [z for z, body in self._shut.items() if 0 <= body.until_ms < now_ms]:
            del self._shut[zone]
        return tuple(self._shut[zone] for zone in sorted(self._shut))

    def _call_off(self, name: str, now_ms: int) -> None:
        """A vehicle that must stay on the ground is told to forget its route, which others may do meanwhile."""
        vehicle = self._belief.vehicles.get(name)
        if vehicle is not None and not vehicle.awaits and not vehicle.quarantined:
            self._recalls[vehicle.id] = 0
            self._belief.release(vehicle)
            self._order_off(vehicle, now_ms)

    def _order_off(self, vehicle: VehicleBelief, now_ms: int) -> None:
        self._recalls[vehicle.id] += 1
        vehicle.called_off_ms = now_ms
        self._order_route(vehicle, (), now_ms, append=False)

    def _call_off_forgotten(self, now_ms: int) -> None:
        """Call off who could not be when it said that it is grounded; ask again who should be idle by now.

        An empty route, appended, changes nothing for who is under way, and lets who is idle say so once more.
        """
        for vehicle in self._belief.vehicles.values():
            if vehicle.awaits or vehicle.quarantined or vehicle.state == "lost":
                continue
            if vehicle.state == "grounded" and vehicle.assigned:
                self._call_off(vehicle.id, now_ms)
            elif 0 <= vehicle.called_off_ms <= now_ms - ASK_AGAIN_MS:
                vehicle.called_off_ms = now_ms
                self._order_route(vehicle, (), now_ms)

    # ---- intents

    def _heed(self, intent: Intent, now_ms: int) -> None:
        if isinstance(intent, orders.RevokeKey):
            self._rotate_key(intent.holder)
            return
        vehicle = self._belief.vehicles.get(intent.vehicle)
        if vehicle is None or (vehicle.id, intent.alert_id) in self._heeded:
            return
        self._heeded.add((vehicle.id, intent.alert_id))
        if not vehicle.quarantined:
            vehicle.quarantined = True
            self._belief.release(vehicle)
            self._port.say(orders.VehicleQuarantined(vehicle=vehicle.id, alert_id=intent.alert_id))
        self._recalls[vehicle.id] = 0
        self._recall(vehicle, intent.bring_home_by, now_ms)

    def _rotate_key(self, holder: str) -> None:
        if holder != "dispatch":
            return
        self._keys += 1
        key = self._new_key(self._keys)
        self._orders += 1
        order_id = f"o{self._orders:06d}"
        counter = self._authority.say_signed(
            orders.RotateKey(order_id=order_id, holder=holder, public_key=key.public)
        )
        self._authority.say(
            orders.OrderIssued(
                order_id=order_id, vehicle="*", verb="RotateKey", counter=counter, targets=(), x_m=(), y_m=()
            )
        )
        self._port.key = key

    def _recall(self, vehicle: VehicleBelief, navigation: orders.Navigation, now_ms: int) -> None:
        self._recalls[vehicle.id] += 1
        stop = dock_order(self._atlas, vehicle.free_site, unload=True, charge=True)
        self._orders += 1
        order = Recall(
            order_id=f"o{self._orders:06d}",
            vehicle=vehicle.id,
            site=stop.target,
            x_m=stop.x_m,
            y_m=stop.y_m,
            navigation=navigation,
        )
        self._send(vehicle, order, (stop,), now_ms)

    # ---- orders

    def _answered(self, answer: OrderAnswered, now_ms: int) -> None:
        """The first answer to an order of ours counts; a refusal means that nobody will do what was in it."""
        given = self._given.get(answer.order_id)
        if given is None or given.vehicle != answer.vehicle or answer.claimed_sender != "dispatch":
            return
        if answer.cause:
            self._take_back(given, now_ms)
        else:
            del self._given[answer.order_id]

    def _take_back_unheard(self, now_ms: int) -> None:
        for given in list(self._given.values()):
            if self._belief.vehicles[given.vehicle].awaits_until_ms < now_ms:
                self._take_back(given, now_ms)

    def _take_back(self, given: FlyRoute | Recall, now_ms: int) -> None:
        """A route is off; who is to come home or to forget its route is told again, a few times: a thief may have
        used up the counter."""
        del self._given[given.order_id]
        vehicle = self._belief.vehicles[given.vehicle]
        if isinstance(given, FlyRoute):
            self._belief.not_taken(vehicle, {stop.target for stop in given.stops}, now_ms)
            off = not given.append and not vehicle.idle and vehicle.state != "lost"
            if off and not vehicle.quarantined and self._recalls[vehicle.id] < MAX_RECALLS:
                self._order_off(vehicle, now_ms)
        elif self._recalls[vehicle.id] < MAX_RECALLS:
            self._recall(vehicle, given.navigation, now_ms)

    def _send(
        self, vehicle: VehicleBelief, order: FlyRoute | Recall, stops: tuple[StopOrder, ...], now_ms: int
    ) -> None:
        counter = self._port.say_signed(order)
        self._port.say(
            orders.OrderIssued(
                order_id=order.order_id,
                vehicle=order.vehicle,
                verb=type(order).__name__,
                counter=counter,
                targets=tuple(s.target for s in stops),
                x_m=tuple(s.x_m for s in stops),
                y_m=tuple(s.y_m for s in stops),
            )
        )
        self._given[order.order_id] = order
        self._belief.ordered(vehicle, order.order_id, now_ms)

    def _order_route(
        self, vehicle: VehicleBelief, stops: tuple[StopOrder, ...], now_ms: int, *, append: bool = True
    ) -> None:
        self._orders += 1
        order = FlyRoute(order_id=f"o{self._orders:06d}", vehicle=vehicle.id, append=append, stops=stops)
        self._send(vehicle, order, stops, now_ms)

    def _send_loaded_to_unload(self, now_ms: int) -> None:
        """An idle vehicle with something in its box goes to a facility that has not refused it yet."""
        docks = [d for d in self._atlas.docks if d.accepts and d.id not in self._belief.closed]
        for vehicle in self._belief.vehicles.values():
            if not vehicle.idle or vehicle.load_kg <= 0.0 or vehicle.quarantined or vehicle.awaits:
                continue
            row = self._atlas.travel_ms[vehicle.type][self._atlas.node_of[vehicle.free_site]]
            takers = sorted(
                (int(row[self._atlas.node_of[dock.id]]), dock.id, number)
                for number, dock in enumerate(docks)
                if vehicle.materials <= dock.accepts and dock.id not in vehicle.refused_by
            )
            if takers and takers[0][0] < UNREACHABLE_MS:
                self._send_to(vehicle, docks[takers[0][2]], now_ms)

    def _send_to(self, vehicle: VehicleBelief, dock: Dock, now_ms: int) -> None:
        atlas = self._atlas
        here, there = atlas.node_of[vehicle.free_site], atlas.node_of[dock.id]
        begins_ms = now_ms if vehicle.idle else max(now_ms, vehicle.free_ms)
        self._order_route(vehicle, (dock_order(atlas, dock.id, unload=True, charge=True),), now_ms)
        kind = atlas.types[vehicle.type]
        level_w = kind.power_coefficient * (kind.empty_kg + vehicle.load_kg) ** kind.mass_exponent
        vehicle.free_ms = begins_ms + ORDER_DELAY_MS + int(atlas.travel_ms[vehicle.type][here, there])
        vehicle.free_ms += dock.unload_ms
        vehicle.free_wh -= level_w * float(atlas.effort_h[vehicle.type][here, there])
        if dock.charger is not None:
            vehicle.free_ms += charge_ms(dock.charger, max(0.0, kind.battery_wh - vehicle.free_wh))
            vehicle.free_wh = kind.battery_wh
        vehicle.free_site = dock.id

    # ---- rounds

    def _give_up_late(self, now_ms: int) -> None:
        for pickup in list(self._belief.open.values()):
            if _is_late(pickup, now_ms) or pickup.hopeless:
                self._miss(pickup)
            pickup.seen = True

    def _miss(self, pickup: PickupBelief) -> None:
        self._belief.miss(pickup)
        self._port.say(
            orders.PickupMissed(
                pickup_id=pickup.request.pickup_id,
                reason=pickup.reason,
                need=round(pickup.need, 3),
                limit=round(pickup.limit, 3),
            )
        )

    def _open_without_closures(self, pickup: PickupBelief, now_ms: int) -> bool:
        """Whether temporary zones, and nothing else, keep everybody from a pickup."""
        node = self._atlas.node_of[pickup.request.point_id]
        free = self._atlas_of((), now_ms) if self._shut else self._atlas
        docks = [dock.node for dock in free.docks]
        return any(
            bool((_both_ways(then, node, docks) & ~_both_ways(now, node, docks)).any())
            for now, then in zip(self._atlas.travel_ms, free.travel_ms, strict=True)
        )

    def _carry_out(self, this: Round, result: Result, now_ms: int) -> None:
        plan = result.plan
        for route in plan.routes:
            vehicle = this.vehicles[route.vehicle]
            self._order_route(vehicle, stop_orders(this, self._atlas, route), now_ms)
            for stop in route.stops:
                if stop.kind == "pickup":
                    self._belief.assign(vehicle, this.pickups[stop.index].request.pickup_id)
            vehicle.free_ms = route.stops[-1].end_ms
            vehicle.free_site = self._atlas.docks[route.stops[-1].index].id
            vehicle.free_wh = route.battery_wh
        for omission in plan.omitted:
            pickup = this.pickups[omission.pickup]
            pickup.reason, pickup.need, pickup.limit = omission.code, omission.need, omission.limit
            if omission.code == "no-legal-path" and self._open_without_closures(pickup, now_ms):
                pickup.reason = "closed-airspace"
            if omission.code == "no-legal-path" and others_could(self._atlas, self._belief, pickup):
                pickup.reason = "fleet-busy"
        self._rounds += 1
        self._port.say(
            orders.PlanPublished(
                round_id=self._rounds,
                vehicles=len(this.vehicles),
                offered=len(this.pickups),
                assigned=len(this.pickups) - len(plan.omitted),
                cost=plan.cost,
                iterations=result.iterations,
            )
        )


def _is_late(pickup: PickupBelief, now_ms: int) -> bool:
    """Whether there is no time left to serve it. If no round ever saw it, that is the reason it is missed for."""
    done_ms, latest_ms = now_ms + pickup.request.service_ms, pickup.request.latest_ms
    if done_ms <= latest_ms:
        return False
    if not pickup.seen and not pickup.hopeless:
        pickup.reason, pickup.need, pickup.limit = "window", float(done_ms), float(latest_ms)
    return True


def _both_ways(travel_ms: Matrix, node: int, docks: list[int]) -> npt.NDArray[np.bool_]:
    """For each dock whether there is a way from it to `node` and back."""
    return np.maximum(travel_ms[docks, node], travel_ms[node, docks]) < UNREACHABLE_MS
