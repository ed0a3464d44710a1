"""Live cases of `demand.*`: requests that nobody made, and what lies there."""

from fleet.messages.reports import PickupFailed, PickupRequested
from tests.journeys.live import Ask, Case, Live, start
from tests.journeys.stages import Run


def false_requests(live: Live) -> list[tuple[int, PickupRequested]]:
    """(time, request) of what is asked for in the attacked run only."""
    honest = {m.body.pickup_id for _, m in live.clean.of(PickupRequested)}
    return [(m.t_ms, m.body) for _, m in live.attacked.of(PickupRequested) if m.body.pickup_id not in honest]


def hollow(live: Live) -> None:
    """Plausible from outside, and nothing there; whoever comes finds it gone."""
    honest = {(m.body.point_id, m.body.material) for _, m in live.clean.of(PickupRequested)}
    false = {body.pickup_id: body for _, body in false_requests(live)}
    assert {(body.point_id, body.material) for body in false.values()} <= honest
    assert all(body.declared_kg > 0 and body.latest_ms > body.earliest_ms for body in false.values())
    assert all(live.attacked.world.parts.waste[name].kg == 0.0 for name in false)
    causes = {m.body.cause for _, m in live.attacked.of(PickupFailed) if m.body.pickup_id in false}
    assert causes <= {"gone"}


def to_phantom(run: Run) -> Ask:
    return Ask(start("demand.phantom-pickup", "city", count=5.0), 250, 260)


def phantom(live: Live) -> None:
    assert [t for t, _ in false_requests(live)] == [1000 * live.e] * 5
    hollow(live)


def to_flood(run: Run) -> Ask:
    return Ask(start("demand.flood", "city", rate_per_min=60.0, duration_s=90.0), 250, 290)


def flood(live: Live) -> None:
    """One a second, from the acknowledged tick until it is stopped."""
    assert [t for t, _ in false_requests(live)] == [1000 * t for t in range(live.e, live.ask.stop_tick + 1)]
    hollow(live)


CASES = {"demand.phantom-pickup": Case(to_phantom, phantom), "demand.flood": Case(to_flood, flood)}
