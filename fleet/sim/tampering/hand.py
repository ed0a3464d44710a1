"""Carries out, or refuses, what is asked on the injection plane, and answers every request."""

from __future__ import annotations

from functools import partial

from fleet.messages.envelope import Message
from fleet.messages.interception import Road, Siege
from fleet.messages.plane import Plane
from fleet.messages.port import Port
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import TamperEffect
from fleet.sim.annexes import Annexes
from fleet.sim.flights import Flights
from fleet.sim.tampering.overheard import Overheard
from fleet.sim.tampering.primitive import Asked, Reach, Running, Vault
from fleet.sim.tampering.registry import discover
from fleet.sim.tampering.request import Names, check
from fleet.sim.world import World


class Tampering:
    """`port` answers and forges, `truth` tells effects, `vault` holds the keys that can be stolen.

    It is there in every run, and costs nothing but a look at each order while nothing is asked. What is started
    takes hold in the tick in which it is heard; what it says then is heard in the next, as always.
    """

    def __init__(
        self,
        world: World,
        flights: Flights,
        vault: Vault,
        port: Port,
        truth: Port,
        *,
        road: Road | None = None,
        siege: Siege | None = None,
        annexes: Annexes | None = None,
    ) -> None:
        self._port = port
        self._truth = truth
        self._overheard = Overheard()
        self._running: dict[str, Running] = {}
        self._reach = Reach(
            world=world,
            flights=flights,
            kernel=flights.kernel,
            port=port,
            vault=vault,
            overheard=self._overheard,
            draw=world.parts.tamper_draw,
            road=road,
            siege=siege,
            annexes=annexes,
        )
        self._names = Names({body.id for body in world.bodies}, world.parts.yards.keys())
        self._primitives = discover()

    def hear(self, tick: int, now_ms: int, message: Message) -> None:
        """Take in one message of the injection or command plane."""
        body = message.body
        if body.plane is Plane.COMMAND:
            self._overheard.hear(message)
        elif isinstance(body, StartTamper):
            primitive = self._primitives.get(body.primitive)
            delay = 0 if primitive is None else primitive.delay_ticks
            self._answer(body.tamper_id, tick + delay, self._start(body))
        elif isinstance(body, StopTamper):
            self._answer(body.tamper_id, tick, self._stop(body.tamper_id))
        elif isinstance(body, ForgeOrder):
            running = self._running.get(body.tamper_id)
            if running is None:
                self._answer(body.tamper_id, tick, "nothing is under way under this id")
            else:
                self._answer(body.tamper_id, *running.forge(body.order, tick, now_ms))

    def close(self) -> None:
        """The run ends: the effect of whatever still holds is told once more."""
        for running in self._running.values():
            running.tell()

    def _answer(self, tamper_id: str, tick: int, cause: str) -> None:
        self._port.say(TamperAnswered(tamper_id=tamper_id, effect_tick=tick, cause=cause))

    def _start(self, request: StartTamper) -> str:
        primitive = self._primitives.get(request.primitive)
        if primitive is None:
            return f"unknown primitive; known: {', '.join(self._primitives)}"
        if request.tamper_id in self._running:
            return "something is under way under this id"
        checked = check(primitive, request, self._names)
        if checked.cause:
            return checked.cause
        asked = Asked(
            tamper_id=request.tamper_id,
            target=request.target,
            numbers=checked.numbers,
            words=checked.words,
            area=checked.area,
            tell=partial(self._tell, request.tamper_id, primitive.quantity),
            over=partial(self._over, request.tamper_id),
        )
        running = primitive.begin(self._reach, asked)
        if isinstance(running, str):
            return running
        self._running[request.tamper_id] = running
        running.tell()
        return ""

    def _stop(self, tamper_id: str) -> str:
        running = self._running.pop(tamper_id, None)
        if running is None:
            return "nothing is under way under this id"
        running.tell()
        running.stop()
        return ""

    def _over(self, tamper_id: str) -> None:
        running = self._running.pop(tamper_id, None)
        if running is not None:
            running.tell()

    def _tell(self, tamper_id: str, quantity: str, entity: str, size: float) -> None:
        self._truth.say(TamperEffect(tamper_id=tamper_id, entity=entity, quantity=quantity, size=round(size, 3)))
