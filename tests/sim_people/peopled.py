"""The toy world (`tests/sim/toy.py`) with people in it."""

from fleet.messages.people import FollowVehicle, StandDown, StopVehicle
from fleet.messages.roles import GUARD_VERBS
from fleet.messages.seal import KeyPair
from fleet.sim.build import VehicleSpec
from fleet.sim.people.guards import guard_ids
from fleet.sim.people.params import PeopleParams
from tests.messages.runs import RUN
from tests.sim.toy import Toy, still

KIM = KeyPair(bytes([9]) * 32, RUN)
FLEET = (VehicleSpec("v0", "light-collector", "home"), VehicleSpec("v1", "light-collector", "home"))


class Peopled(Toy):
    """The toy world, exact unless told otherwise, with the people that a scenario's section says."""

    def __init__(self, people: dict, *, seed=1, **changes) -> None:
        params = PeopleParams.model_validate(people)
        guards = tuple(
            VehicleSpec(name, group.type, group.base, guard=True)
            for group in params.guards
            for name in guard_ids(group)
        )
        vehicles = (*changes.pop("vehicles", FLEET), *guards)
        changes = {"sensors": still(), "end_ms": 8 * 3_600_000, **changes}
        super().__init__(seed=seed, vehicles=vehicles, people=params, **changes)
        self.people = self.annexes.people
        self.kim = self.bus.port("operator/kim", KIM)
        self.world.parts.guard_trust.trust("operator/kim", KIM.public, GUARD_VERBS, RUN)

    def follow(self, vehicle="v0", guard="") -> None:
        self.kim.say_signed(FollowVehicle(order_id="f", guard=guard, vehicle=vehicle))

    def stop(self, vehicle="v0", guard="") -> None:
        self.kim.say_signed(StopVehicle(order_id="s", guard=guard, vehicle=vehicle))

    def stand_down(self, guard="guard-01") -> None:
        self.kim.say_signed(StandDown(order_id="d", guard=guard))
