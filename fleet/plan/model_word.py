"""What the OR-Tools model says of a plan that others made: it is right, it is not, or the model cannot say."""

from __future__ import annotations

from fleet.plan.model import Proof, can_go_on, prove
from fleet.plan.problem import Plan, Problem
from fleet.plan.result import Word
from fleet.plan.timetable import visits_of


def word_on(problem: Problem, plan: Plan) -> Word:
    """The model reads the visits (`ReadAssignmentFromRoutes`), finds times of its own, and reckons the cost.

    It cannot say where it refuses a vehicle that it knows no way to go on for, after what the vehicle is committed
    to, which is not held against a plan; nor where waiting for pads or places, which it does not know, makes a
    plan dearer than it reckons.
    """
    visits = [list(vehicle.committed) for vehicle in problem.vehicles]
    for route in plan.routes:
        visits[route.vehicle] = visits_of(route)
    proof = prove(problem, visits)
    if not proof.accepted:
        return _refused(problem, proof)
    if proof.cost == plan.cost:
        return Word(True, but_for=proof.not_said)
    said = f"it reckons a cost of {proof.cost:,}, the plan {plan.cost:,}"
    waits = proof.not_said and proof.cost is not None and proof.cost < plan.cost
    if waits and any(pickup.late_cost_per_s for pickup in problem.pickups):
        return Word(None, f"{said}; it does not know {' and '.join(proof.not_said)}", proof.not_said)
    return Word(False, said, proof.not_said)


def _refused(problem: Problem, proof: Proof) -> Word:
    names = ", ".join(problem.vehicles[v].id for v in proof.refused)
    said = f"it refuses {names or 'the plan'} ({', '.join(proof.broken)})"
    if proof.refused and all(_is_bound(problem, v) for v in proof.refused):
        return Word(None, f"{said}, and cannot tell what was committed from what was planned", proof.not_said)
    return Word(False, said, proof.not_said)


def _is_bound(problem: Problem, vehicle: int) -> bool:
    """Whether a vehicle may be refused for its commitments."""
    committed = problem.vehicles[vehicle].committed
    return bool(committed) and not can_go_on(problem, vehicle)
