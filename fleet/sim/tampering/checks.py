"""What every primitive must keep; public, so that one of your own can be held to it too.

    check_declaration(MY_PRIMITIVE)
    check_refusals(play, MY_PRIMITIVE, a_sound_request, at_tick=600)
    pair = check_live(play, a_sound_request, at_tick=600, stop_tick=700)

`play` runs one and the same small city from its start to its end. At the ticks that it is given, a red participant
says the bodies that it is given; what comes back is everything that was heard, each with its tick. How large the
effect is, each primitive's own test measures, from the state of the world rather than from what tampering says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from fleet.messages.codec import encode
from fleet.messages.envelope import Message
from fleet.messages.plane import Injection, Plane
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import TamperEffect
from fleet.sim.tampering.primitive import AREA_WORD, Parameter, Primitive

Heard = Sequence[tuple[int, Message]]
Play = Callable[[Mapping[int, Sequence[Injection]]], Heard]

UNITS = ("m", "mps", "deg", "s", "ms", "kg", "l", "w", "wh", "min", "bps", "share", "factor", "plus")
"""How the name of a number ends that is not a plain count."""
_NAME = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")


@dataclass(frozen=True)
class Pair:
    """A clean run, the same run attacked, and the tick that was acknowledged."""

    clean: Heard
    attacked: Heard
    effect_tick: int


def check_declaration(primitive: Primitive) -> None:
    """Name, texts, units and ranges are there and make sense."""
    assert _NAME.fullmatch(primitive.name), f"{primitive.name}: a name is family.some-words"
    for text in (primitive.text, primitive.where, primitive.quantity):
        assert text.strip(), f"{primitive.name}: says nothing of what it does, where it shows or what it measures"
    target = AREA_WORD if primitive.target.endswith("-or-area") else ""
    names = [p.name for p in primitive.parameters_for(target)]
    assert len(names) == len(set(names)), f"{primitive.name}: two parameters of one name"
    for parameter in primitive.parameters:
        _check_parameter(primitive.name, parameter)


def _check_parameter(of: str, parameter: Parameter) -> None:
    here = f"{of}, {parameter.name}"
    assert parameter.text.strip(), f"{here}: what is it?"
    if not parameter.words:
        assert parameter.whole or parameter.name.rpartition("_")[2] in UNITS, f"{here}: its name tells no unit"
        assert -math.inf < parameter.low < parameter.high < math.inf, f"{here}: an empty range, or no bounds"
    assert parameter.default is None or parameter.takes(parameter.default), f"{here}: default out of range"


def check_live(
    play: Play,
    request: StartTamper,
    *,
    at_tick: int,
    stop_tick: int,
    more: Mapping[int, Sequence[Injection]] = MappingProxyType({}),
) -> Pair:
    """The request, said at `at_tick`, is acknowledged; before the tick it names the two logs are byte-equal.

    It repeats, its effect is told at its beginning and its end in one quantity, and it can be stopped once. `more`
    is what else is asked under its id, with the tick of each; it comes before what is asked here at the same tick.
    """
    stop = StopTamper(tamper_id=request.tamper_id)
    asks = {tick: list(bodies) for tick, bodies in more.items()}
    for tick, body in ((at_tick, request), (stop_tick, stop), (stop_tick + 2, stop)):
        asks.setdefault(tick, []).append(body)
    clean, attacked = play({}), play(asks)
    in_order = [body for tick in sorted(asks) for body in asks[tick]]
    answers = [m.body for _, m in attacked if isinstance(m.body, TamperAnswered)]
    granted = [(a.cause, a.effect_tick) for a, q in zip(answers, in_order, strict=True) if q in (request, stop)]
    assert [cause for cause, _ in granted[:2]] == ["", ""], f"{request.primitive} was not granted: {granted}"
    assert granted[2][0], f"{request.primitive} was stopped twice"
    effect_tick = granted[0][1]
    assert effect_tick > at_tick, "what is said in a tick takes hold in the next"
    assert said_before(attacked, effect_tick) == said_before(clean, effect_tick), "an effect before its time"
    assert said_before(play(asks), None) == said_before(attacked, None), "the same request, another run"
    _check_effects(request, attacked)
    return Pair(clean, attacked, effect_tick)


def said_before(heard: Heard, tick: int | None) -> list[bytes]:
    """Everything but requests that was heard before a tick (None: at all), as bytes, each with its tick."""
    return [
        b"%d " % t + encode(m)
        for t, m in heard
        if (tick is None or t < tick) and not isinstance(m.body, StartTamper | StopTamper | ForgeOrder)
    ]


def _check_effects(request: StartTamper, heard: Heard) -> None:
    told: dict[str, list[TamperEffect]] = {}
    for _, message in heard:
        if isinstance(message.body, TamperEffect):
            told.setdefault(message.body.entity, []).append(message.body)
    assert told, f"{request.primitive}: no effect was told"
    for entity, effects in told.items():
        assert len(effects) > 1, f"{request.primitive}: {entity}: told once, expected at beginning and end"
        assert len({e.quantity for e in effects}) == 1, f"{request.primitive}: {entity}: two quantities"
        assert all(math.isfinite(e.size) for e in effects), f"{request.primitive}: {entity}: a size that is none"


def check_refusals(play: Play, primitive: Primitive, request: StartTamper, *, at_tick: int) -> None:
    """Whatever is wrong with a request, the answer names it, and the city goes its way as if nobody had asked."""
    wrong = list(spoilt(primitive, request))
    asked = [msgspec.structs.replace(bad, tamper_id=f"bad-{n}") for n, (bad, _) in enumerate(wrong)]
    heard = play({at_tick: asked})
    causes = {m.body.tamper_id: m.body.cause for _, m in heard if isinstance(m.body, TamperAnswered)}
    for bad, (_, names) in zip(asked, wrong, strict=True):
        cause = causes[bad.tamper_id]
        assert cause.startswith(f"{names}: "), f"{bad}: expected a cause that names {names}, found {cause!r}"
        assert "found" in cause or "unknown" in cause, f"{bad}: {cause!r} does not tell what was found"
    assert _world(heard) == _world(play({})), f"{primitive.name}: a request that was refused changed the city"


def spoilt(primitive: Primitive, request: StartTamper) -> Sequence[tuple[StartTamper, str]]:
    """The request with one thing wrong each, and what the cause must name."""
    wrong = [(msgspec.structs.replace(request, target="nobody-there"), "target")]
    odd = {**request.parameters, "colour_m": 1.0}
    wrong.append((msgspec.structs.replace(request, parameters=odd), "colour_m"))
    for parameter in primitive.parameters_for(request.target):
        values: list[float | str] = [math.nan, math.inf, "many"]
        if parameter.words:
            values = [1.0, "no-such-word"]
        else:
            values += [parameter.low - 1.0, parameter.high + 1.0] + ([1.5] if parameter.whole else [])
        for value in values:
            bad = {**request.parameters, parameter.name: value}
            wrong.append((msgspec.structs.replace(request, parameters=bad), parameter.name))
        if parameter.default is None:
            less = {name: value for name, value in request.parameters.items() if name != parameter.name}
            wrong.append((msgspec.structs.replace(request, parameters=less), parameter.name))
    return wrong


def _world(heard: Heard) -> list[bytes]:
    return [b"%d " % t + encode(m) for t, m in heard if m.body.plane in (Plane.TELEMETRY, Plane.COMMAND)]
