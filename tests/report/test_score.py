"""Alerts against labels: matches, near misses, false alarms."""

from __future__ import annotations

import json

import pytest

from fleet.messages.truth import AttackBegan, AttackEnded
from fleet.record.reader import read_run
from fleet.record.writer import RunRecorder
from fleet.report.score import Scorer, render, score
from tests.record import run_of


def scored(*said, end_s=10_000.0):
    """`said` is (second, body) in order."""
    scorer = Scorer()
    for t_s, body in said:
        scorer.hear(int(t_s), run_of.heard(body, t_ms=round(t_s * 1000)))
    scorer.hear(0, run_of.heard(run_of.roster(), t_ms=round(end_s * 1000)))
    return scorer.score()


def began(entity, attack_class="skim", attack="x"):
    return AttackBegan(attack_id=attack, attack_class=attack_class, entity=entity)


ENDED = AttackEnded(attack_id="x")


def test_an_attack_that_is_named_in_time_is_detected():
    result = scored(
        (100.0, began("v-0")),
        (112.5, run_of.alert("v-0", "other")),
        (130.0, run_of.alert("v-0", "skim")),
        (200.0, ENDED),
    )
    (attack,) = result.attacks
    assert (attack.detected, attack.time_to_detect_s, attack.right_entity, attack.right_class) == (
        True, 12.5, True, True,
    )  # fmt: skip
    assert (attack.began_s, attack.ended_s, attack.detector) == (100.0, 200.0, "innovation")
    assert (result.detected, result.alerts, result.false_alarms) == (1, 2, 0)


def test_the_wrong_class_on_the_right_entity_is_detected_all_the_same():
    (attack,) = scored((1.0, began("v-0")), (2.0, run_of.alert("v-0", "other"))).attacks
    assert (attack.detected, attack.right_class) == (True, False)


@pytest.mark.parametrize("t_s, detected", [(99.9, False), (100.0, True), (800.0, True), (800.1, False)])
def test_only_alerts_from_the_beginning_to_the_end_of_the_grace_count(t_s, detected):
    events = [(100.0, began("v-0")), (200.0, ENDED), (t_s, run_of.alert("v-0", "skim"))]
    result = scored(*sorted(events, key=lambda event: event[0]))
    assert result.attacks[0].detected is detected
    assert result.false_alarms == (0 if detected else 1)


def test_an_attack_that_never_ended_lasts_to_the_end():
    result = scored((1.0, began("v-0")), (9_999.0, run_of.alert("v-0", "skim")))
    assert result.attacks[0].ended_s is None
    assert result.attacks[0].time_to_detect_s == 9_998.0


def test_the_right_class_on_the_wrong_entity_is_a_near_miss_and_a_false_alarm():
    result = scored((1.0, began("v-0")), (5.0, run_of.alert("v-1", "skim")))
    (attack,) = result.attacks
    assert (attack.detected, attack.right_entity, attack.right_class) == (False, False, True)
    assert result.false_alarms == 1


def test_one_attack_on_two_entities_is_two_rows():
    result = scored((1.0, began("v-0")), (1.0, began("v-1")), (5.0, run_of.alert("v-1", "skim")))
    assert [(attack.entity, attack.detected) for attack in result.attacks] == [("v-0", False), ("v-1", True)]


def test_one_alert_may_match_two_attacks_at_once_and_is_no_false_alarm():
    result = scored((1.0, began("v-0", attack="x")), (2.0, began("v-0", attack="y")), (5.0, run_of.alert("v-0")))
    assert (result.detected, result.false_alarms) == (2, 0)


def test_a_run_without_attacks_has_a_score():
    quiet, noisy = scored(end_s=43_200.0), scored((5.0, run_of.alert("v-0")), end_s=43_200.0)
    assert (
        render(quiet) == "attacks       0, detected 0\nalerts        0, false alarms 0 (0.0 per simulated day)\n"
    )
    assert noisy.false_alarms_per_day == 2.0
    assert Scorer().score().false_alarms_per_day is None


def test_the_table_is_aligned_and_json_carries_the_same():
    result = scored((1.0, began("v-0")), (3.0, run_of.alert("v-0")), (4.0, began("vehicle-1", attack="y")))
    lines = render(result).splitlines()
    assert " ".join(lines[0].split()) == "attack class entity began s detected after s entity class detector"
    assert lines[1].split() == ["x", "skim", "v-0", "1.0", "yes", "2.0", "right", "wrong", "innovation"]
    assert lines[2].split() == ["y", "skim", "vehicle-1", "4.0", "no", "-", "-", "-", "-"]
    assert lines[0].index("detected") == lines[1].index("yes")
    assert lines[-3:-1] == ["attacks       2, detected 1", "detected in   2.0 s (median)"]
    found = json.loads(result.as_json())
    assert found["attacks"][0]["time_to_detect_s"] == found["median_time_to_detect_s"] == 2.0


def test_a_record_scores_like_the_run(tmp_path):
    live, recorder = Scorer(), RunRecorder(tmp_path)
    recorder.open("a: 1\n", {})
    for tick, batch in run_of.a_run():
        live.hear(tick, batch)
        recorder.hear(tick, batch)
    recorder.close({})
    result = score(read_run(tmp_path))
    assert result == live.score()
    assert (result.detected, result.attacks[0].time_to_detect_s) == (1, 20.0)
