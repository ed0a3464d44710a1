"""Every detector there is a file for passes the public suite."""

from __future__ import annotations

import pytest

from fleet.detect.checks import check_detector
from fleet.detect.detector import DetectorKind, Suspicion, discover


@pytest.mark.parametrize("kind", discover().values(), ids=lambda kind: kind.kind)
def test_every_detector_conforms(kind: DetectorKind) -> None:
    check_detector(lambda: kind.make(kind.params(kind=kind.kind)))


class _Learner:
    """Learns while it scores."""

    name = attack_class = "bad"

    def __init__(self) -> None:
        self.seen = 0

    def score(self, now_ms, inbox):
        self.seen += len(inbox)
        return []

    def learn(self, now_ms, inbox):
        pass

    def threshold(self):
        return 1.0


class _Panicker(_Learner):
    """Cries at everything."""

    def score(self, now_ms, inbox):
        return [Suspicion("a-01", 2.0, "!")]


def test_the_suite_finds_one_that_learns_while_scoring() -> None:
    with pytest.raises(AssertionError, match="score changed"):
        check_detector(_Learner)


def test_the_suite_finds_one_that_cries_at_everything() -> None:
    with pytest.raises(AssertionError, match="alarm on honest traffic"):
        check_detector(_Panicker)
