"""Every attack there is a file for passes the public suite."""

from __future__ import annotations

import numpy as np
import pytest

from fleet.messages.envelope import Envelope
from fleet.messages.reports import VehicleReported
from fleet.messages.tamper import StartTamper
from fleet.redteam.attack import Airborne, AttackKind, OnsetParams, discover
from fleet.redteam.checks import check_attack

ONSET_S = 600.0


@pytest.mark.parametrize("kind", discover().values(), ids=lambda kind: kind.kind)
def test_every_attack_conforms(kind: AttackKind) -> None:
    params = kind.params(kind=kind.kind, onset=OnsetParams(earliest_s=ONSET_S, latest_s=ONSET_S + 300))
    check_attack(lambda means: kind.make(params, means), onset_ms=int(1000 * ONSET_S))


@pytest.mark.parametrize("leaves", ["climbing", "driving"])
def test_a_victim_is_one_that_is_on_its_way_by_air_or_by_street(leaves: str) -> None:
    known, rng = Airborne(), np.random.default_rng(1)
    assert known.pick("any", rng) is None
    known.hear(_said(leaves))
    assert known.pick("any", rng) == known.pick("a-01", rng) == "a-01"
    known.hear(_said("servicing"))
    assert known.pick("a-01", rng) is None


def _said(state: str) -> Envelope:
    body = VehicleReported(
        vehicle="a-01", state=state, x_m=0.0, y_m=0.0, battery_wh=1.0, load_kg=0.0, load_l=0.0, order_id="",
        step=0, bound_for="",
    )  # fmt: skip
    return Envelope(sender="a-01", seq=0, t_ms=0, body=body)


class _Hasty:
    """Does not wait."""

    def __init__(self, means) -> None:
        self.means = means

    def on_tick(self, tick, now_ms, inbox):
        if tick == 1:
            self.means.injection.say(StartTamper(tamper_id="check", primitive="x", target="y", parameters={}))

    def next_wake_ms(self):
        return None


def test_the_suite_finds_one_that_does_not_wait() -> None:
    with pytest.raises(AssertionError, match="onset"):
        check_attack(_Hasty, onset_ms=60_000)
