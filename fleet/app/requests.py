"""What `fleet send` and `fleet inject` ask of a run, and what they say of the answer.

An order's receipt only says that it was heard. What became of it, the vehicle itself tells a tick or two later,
and that is waited for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import msgspec

from fleet.app.zonewish import ZoneWish, order_of
from fleet.base.errors import RunError, UsageError, did_you_mean
from fleet.base.materials import MATERIALS
from fleet.bus.client import Client
from fleet.city.frame import Frame
from fleet.messages.airspace import CloseAirspace, OpenAirspace
from fleet.messages.envelope import AnyBody
from fleet.messages.notices import Receipt
from fleet.messages.orders import FlyRoute, Navigation, QuarantineVehicle, Recall, StopOrder
from fleet.messages.people import FollowVehicle, StandDown, StopVehicle
from fleet.messages.plane import Body, Plane
from fleet.messages.plants import WithdrawStock
from fleet.messages.reports import OrderAnswered
from fleet.messages.security import Alert
from fleet.messages.tamper import TamperAnswered

ANSWERS = ("OrderAnswered",)
Answerable = (
    FlyRoute | Recall | CloseAirspace | OpenAirspace | WithdrawStock | FollowVehicle | StopVehicle | StandDown
)


@dataclass(frozen=True)
class Outcome:
    """What to print, for people and for programs, and whether what was asked is done."""

    lines: tuple[str, ...]
    facts: Mapping[str, Any]
    done: bool


@dataclass(frozen=True)
class Route:
    """What `fleet send fly` was asked."""

    vehicle: str
    stops: Sequence[str]
    metres: bool = False
    append: bool = False


@dataclass(frozen=True)
class Withdrawal:
    """What `fleet send withdraw` was asked."""

    site: str
    material: str
    kg: float
    bearer: str


@dataclass(frozen=True)
class Tamper:
    """What `fleet inject` was asked."""

    primitive: str
    target: str
    parameters: Mapping[str, float | str] = field(default_factory=dict)


def outcome(receipt: Receipt) -> Outcome:
    """What a receipt says."""
    line = f"refused: {receipt.refusal}" if receipt.cause else f"heard at tick {receipt.tick}"
    facts = {"seq": receipt.seq, "tick": receipt.tick, "cause": receipt.cause, "reason": receipt.reason}
    return Outcome((line,), facts, not receipt.cause)


# ---- orders to vehicles


def recall(client: Client, vehicle: str, site: str, navigation: str, timeout_s: float) -> Outcome:
    """Call a vehicle to a site; its place is taken from the city's map. Raises `UsageError` for unknown names."""
    _require_vehicle(client, vehicle)
    x_m, y_m = Town(client).place(site)
    order = Recall(
        order_id=client.fresh_id(), vehicle=vehicle, site=site, x_m=x_m, y_m=y_m,
        navigation=cast("Navigation", navigation),
    )  # fmt: skip
    return _order_vehicle(client, order, timeout_s)


def fly(client: Client, route: Route, timeout_s: float) -> Outcome:
    """Let a vehicle fly to places. Raises `UsageError` for unknown names, and places that are none."""
    _require_vehicle(client, route.vehicle)
    order_id, town = client.fresh_id(), Town(client)
    stops = []
    for number, word in enumerate(route.stops, start=1):
        pair = _pair(word)
        if pair is None:
            x_m, y_m = town.place(word)
            stops.append(StopOrder(kind="dock", target=word, x_m=x_m, y_m=y_m, unload=True, charge=True))
        else:
            x_m, y_m = pair if route.metres else town.metres(*pair)
            stops.append(StopOrder(kind="pickup", target=f"{order_id}-place-{number}", x_m=x_m, y_m=y_m))
    order = FlyRoute(order_id=order_id, vehicle=route.vehicle, append=route.append, stops=tuple(stops))
    return _order_vehicle(client, order, timeout_s)


def quarantine(client: Client, vehicle: str, by: str) -> Outcome:
    """State the intent that a vehicle be no longer believed."""
    _require_vehicle(client, vehicle)
    order = QuarantineVehicle(alert_id=client.fresh_id(), vehicle=vehicle, bring_home_by=cast("Navigation", by))
    return outcome(client.order(order))


def send_guard(client: Client, vehicle: str, guard: str, *, stop: bool, timeout_s: float) -> Outcome:
    """Send a guard after a vehicle; "" is the nearest that is free. Raises `UsageError` for unknown names."""
    for name in filter(None, (vehicle, guard)):
        _require_vehicle(client, name)
    order = (StopVehicle if stop else FollowVehicle)(order_id=client.fresh_id(), guard=guard, vehicle=vehicle)
    return _answered(client, order, ("the guard", f"goes after {vehicle}"), timeout_s)


def stand_down(client: Client, guard: str, timeout_s: float) -> Outcome:
    """Call a guard off. Raises `UsageError` for an unknown one."""
    _require_vehicle(client, guard)
    order = StandDown(order_id=client.fresh_id(), guard=guard)
    return _answered(client, order, ("the guard", "returns"), timeout_s)


def parse_body(text: str) -> Body:
    """A message given as JSON. Raises `UsageError` for what is none, or is not for the command door."""
    try:
        body: Body = msgspec.json.decode(text, type=AnyBody)
    except msgspec.DecodeError as error:
        raise UsageError(f"not a message: {error}") from None
    if isinstance(body, Receipt) or not (body.plane is Plane.COMMAND or isinstance(body, Alert)):
        raise UsageError(f"a {type(body).__name__} is nothing that the command door takes")
    return body


def _order_vehicle(client: Client, order: FlyRoute | Recall, timeout_s: float) -> Outcome:
    return _answered(client, order, (order.vehicle, "obeys"), timeout_s)


def _answered(
    client: Client, order: Answerable, words: tuple[str, str], timeout_s: float, past: str = ""
) -> Outcome:
    """Give an order and wait for its answer; `words` are who answers, and what it does if it obeys.

    `past` is what there is to say of a refusal for that cause.
    """
    who, obeys = words
    heard = outcome(client.order(order))
    facts = {**heard.facts, "order_id": order.order_id}
    if not heard.done:
        return Outcome(heard.lines, facts, False)
    answer = _answer_to(client, order, timeout_s)
    if answer is None:
        line = f"{who} has not answered within {timeout_s:g} s"
        return Outcome((*heard.lines, line), {**facts, "answer": None}, False)
    reason = past if answer.cause == "past" else ""
    refusal = f"{answer.cause}: {reason}" if reason else answer.cause
    line = f"{who} refuses: {refusal}" if answer.cause else f"{who} {obeys}"
    facts |= {"answer": {"cause": answer.cause}, "reason": reason}
    return Outcome((*heard.lines, line), facts, not answer.cause)


def _answer_to(client: Client, order: Answerable, timeout_s: float) -> OrderAnswered | None:
    until_s = time.monotonic() + timeout_s + 2.0 * _tick_s(client)
    while client.ended is None and time.monotonic() < until_s:
        for message in client.messages(ANSWERS, timeout_s=max(0.0, until_s - time.monotonic())):
            body = message.body
            if isinstance(body, OrderAnswered) and body.order_id == order.order_id:
                return body
    return None


def _tick_s(client: Client) -> float:
    """How long a tick lasts by the clock on the wall, as far as it is known."""
    speed = client.snapshot.speed
    return client.snapshot.tick_ms / 1000.0 / speed if speed > 0.0 else 0.0


def _require_vehicle(client: Client, vehicle: str) -> None:
    """Nobody would answer for a vehicle that is not there."""
    if client.vehicles and vehicle not in client.vehicles:
        hint = did_you_mean(vehicle, client.vehicles)
        raise UsageError(f"no vehicle `{vehicle}` in this run" + (f"; {hint}" if hint else ""))


def _pair(word: str) -> tuple[float, float] | None:
    """The two numbers of `A,B`; None for a name."""
    first, comma, second = word.partition(",")
    if not comma:
        return None
    try:
        return float(first), float(second)
    except ValueError:
        raise UsageError(f"`{word}` is not a place: expected two numbers, A,B, or a site's id") from None


class Town:
    """Where things are, as the run's own map says."""

    def __init__(self, client: Client) -> None:
        city = client.city()
        self._frame = Frame(city.origin_lon, city.origin_lat)
        self._sites: dict[str, tuple[float, float]] = {}
        for feature in json.loads(city.geojson)["features"]:
            if feature["properties"].get("kind") == "site":
                lon, lat = feature["geometry"]["coordinates"][:2]
                self._sites[feature["properties"]["id"]] = (lon, lat)

    def place(self, site: str) -> tuple[float, float]:
        """Local metres of a site. Raises `UsageError` for an unknown one."""
        if site not in self._sites:
            hint = did_you_mean(site, self._sites) or f"sites: {', '.join(sorted(self._sites))}"
            raise UsageError(f"no site `{site}` in this run; {hint}")
        return self.metres(*self._sites[site])

    def metres(self, lon: float, lat: float) -> tuple[float, float]:
        """Degrees to local metres, to a centimetre."""
        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
            raise UsageError(f"{lon:g},{lat:g} is no longitude and latitude; for local metres give --metres")
        x_m, y_m = self._frame.to_metres(lon, lat)
        return round(float(x_m), 2), round(float(y_m), 2)


# ---- airspace


def close_airspace(client: Client, wish: ZoneWish, timeout_s: float) -> Outcome:
    """Close a zone over the city. Raises `UsageError` for what is no zone, or lies far from the map."""
    town, places = Town(client), []
    for word in wish.corners:
        pair = _pair(word)
        places.append(town.place(word) if pair is None else pair if wish.metres else town.metres(*pair))
    order = order_of(wish, places, client.catch_up().now_ms, client.fresh_id())
    obeys = f"is announced: it closes in {wish.in_s:g} s" if wish.in_s > 0.0 else "closes"
    past = f"the run was past its end, {order.until_ms / 1000:g} s, when the order came; ask for longer (--for)"
    return _answered(client, order, ("the airspace", obeys), timeout_s, past)


def open_airspace(client: Client, zone: str, timeout_s: float) -> Outcome:
    """Open a temporary zone."""
    order = OpenAirspace(order_id=client.fresh_id(), zone=zone)
    return _answered(client, order, ("the airspace", "opens"), timeout_s)


# ---- stock


def withdraw(client: Client, wanted: Withdrawal, timeout_s: float) -> Outcome:
    """Have stock given out. Raises `UsageError` for a material or site that there is not."""
    if wanted.material not in MATERIALS:
        hint = did_you_mean(wanted.material, MATERIALS) or f"known: {', '.join(MATERIALS)}"
        raise UsageError(f"no material `{wanted.material}`; {hint}")
    Town(client).place(wanted.site)
    order = WithdrawStock(
        order_id=client.fresh_id(), site=wanted.site, material=wanted.material, kg=wanted.kg, bearer=wanted.bearer
    )
    return _answered(client, order, (wanted.site, f"gives out {wanted.kg:g} kg"), timeout_s)


# ---- tampering


def parse_parameters(words: Sequence[str]) -> dict[str, float | str]:
    """`name=value` words; what is a number is one. Raises `UsageError`."""
    found: dict[str, float | str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"`{word}`: expected a parameter as name=value")
        if name in found:
            raise UsageError(f"`{name}` is given twice")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


def start(client: Client, wanted: Tamper) -> Outcome:
    """Ask for a primitive; where its name is unknown, say which one may be meant."""
    from fleet.app.primitives import names

    answer = client.inject(wanted.primitive, wanted.target, **wanted.parameters)
    hint = did_you_mean(wanted.primitive, names()) if answer.cause and wanted.primitive not in names() else ""
    if hint and hint not in answer.cause:
        answer = msgspec.structs.replace(answer, cause=f"{answer.cause}; {hint}")
    return _tampered(answer, "takes effect")


def stop(client: Client, tamper_id: str) -> Outcome:
    """End what was started under an id."""
    return _tampered(client.stop(tamper_id), "ends")


def stop_after(client: Client, started: Outcome, after_s: float) -> Outcome:
    """Wait until so much simulated time has passed since the effect, then end it."""
    until_ms = started.facts["effect_tick"] * client.snapshot.tick_ms + round(1000.0 * after_s)
    for message in client.messages(("Beat",)):
        if message.t_ms >= until_ms:
            break
    else:
        raise RunError("the run ended before it was to be stopped")
    ended = stop(client, started.facts["tamper_id"])
    return Outcome(ended.lines, {**started.facts, "stop": dict(ended.facts)}, ended.done)


def _tampered(answer: TamperAnswered, verb: Literal["takes effect", "ends"]) -> Outcome:
    facts = {"tamper_id": answer.tamper_id, "effect_tick": answer.effect_tick, "cause": answer.cause}
    if answer.cause:
        return Outcome((f"refused: {answer.cause}",), facts, False)
    return Outcome((f"{answer.tamper_id} {verb} at tick {answer.effect_tick}",), facts, True)
