"""Every attack there is a file for passes the public suite."""

from __future__ import annotations

import pytest

from fleet.messages.tamper import StartTamper
from fleet.redteam.attack import AttackKind, OnsetParams, discover
from fleet.redteam.checks import check_attack

ONSET_S = 600.0


@pytest.mark.parametrize("kind", discover().values(), ids=lambda kind: kind.kind)
def test_every_attack_conforms(kind: AttackKind) -> None:
    params = kind.params(kind=kind.kind, onset=OnsetParams(earliest_s=ONSET_S, latest_s=ONSET_S + 300))
    check_attack(lambda means: kind.make(params, means), onset_ms=int(1000 * ONSET_S))


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
