"""How well the blue team did: its alerts held against the red team's own labels.

An alert *matches* an attack if it names the attacked entity between the attack's beginning and `GRACE_S`
after its end (the end of the record where it never ended). An attack is detected if an alert matches it;
alerts that match none are false alarms. An attack that nobody matched may still have been noticed: an alert
of its class in its time, on another entity.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from fleet.messages.envelope import Message
from fleet.messages.plane import Frame
from fleet.messages.security import Alert
from fleet.messages.truth import AttackBegan, AttackEnded, LegFlown
from fleet.record.reader import RunFiles

GRACE_S = 600.0
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class AttackScore:
    """One attack on one entity. `right_entity` and `right_class` are None where nobody said anything."""

    attack_id: str
    attack_class: str
    entity: str
    began_s: float
    ended_s: float | None
    detected: bool
    time_to_detect_s: float | None
    right_entity: bool | None
    right_class: bool | None
    detector: str


@dataclass(frozen=True, slots=True)
class Score:
    """All attacks in the order of their beginning, and the totals."""

    attacks: tuple[AttackScore, ...]
    alerts: int
    false_alarms: int
    simulated_s: float

    @property
    def detected(self) -> int:
        """How many attacks were detected."""
        return sum(attack.detected for attack in self.attacks)

    @property
    def median_time_to_detect_s(self) -> float | None:
        """Over the detected attacks; None where there is none."""
        times = [a.time_to_detect_s for a in self.attacks if a.time_to_detect_s is not None]
        return statistics.median(times) if times else None

    @property
    def false_alarms_per_day(self) -> float | None:
        """Per simulated day; None for a run without length."""
        return self.false_alarms * DAY_S / self.simulated_s if self.simulated_s else None

    def as_json(self) -> str:
        """Attacks and totals as one JSON object."""
        totals = {
            "detected": self.detected,
            "median_time_to_detect_s": self.median_time_to_detect_s,
            "false_alarms_per_day": self.false_alarms_per_day,
        }
        return json.dumps({**asdict(self), **totals}, indent=2, ensure_ascii=False)


class Scorer:
    """A `fleet.messages.port.Listener` that keeps labels and alerts."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_ms = round(grace_s * 1000)
        self._began: dict[tuple[str, str], tuple[int, AttackBegan]] = {}
        self._ended: dict[str, int] = {}
        self._alerts: list[tuple[int, Alert]] = []
        self._end_ms = 0

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Keep what matters of `batch`."""
        for message in batch:
            body, t_ms = message.body, message.t_ms
            if isinstance(body, (Frame, LegFlown)):
                continue
            self._end_ms = max(self._end_ms, t_ms)
            if isinstance(body, AttackBegan):
                self._began.setdefault((body.attack_id, body.entity), (t_ms, body))
            elif isinstance(body, AttackEnded):
                self._ended[body.attack_id] = t_ms
            elif isinstance(body, Alert):
                self._alerts.append((t_ms, body))

    def score(self) -> Score:
        """Judge what was heard so far."""
        attacks = sorted(self._began.values(), key=lambda item: (item[0], item[1].attack_id, item[1].entity))
        matched: set[int] = set()
        scores = tuple(self._judge(t_ms, body, matched) for t_ms, body in attacks)
        return Score(scores, len(self._alerts), len(self._alerts) - len(matched), self._end_ms / 1000.0)

    def _judge(self, began_ms: int, attack: AttackBegan, matched: set[int]) -> AttackScore:
        ended_ms = self._ended.get(attack.attack_id)
        last_ms = self._end_ms if ended_ms is None else ended_ms + self._grace_ms
        in_time = [(i, t, a) for i, (t, a) in enumerate(self._alerts) if began_ms <= t <= last_ms]
        hits = [(i, t, a) for i, t, a in in_time if a.entity == attack.entity]
        matched.update(i for i, _, _ in hits)
        base = AttackScore(
            attack_id=attack.attack_id,
            attack_class=attack.attack_class,
            entity=attack.entity,
            began_s=began_ms / 1000.0,
            ended_s=None if ended_ms is None else ended_ms / 1000.0,
            detected=False,
            time_to_detect_s=None,
            right_entity=None,
            right_class=None,
            detector="",
        )
        if hits:
            _, t_ms, first = min(hits, key=lambda hit: (hit[1], hit[0]))
            return replace(
                base,
                detected=True,
                time_to_detect_s=(t_ms - began_ms) / 1000.0,
                right_entity=True,
                right_class=any(a.attack_class == attack.attack_class for _, _, a in hits),
                detector=first.detector,
            )
        near = [a for _, _, a in in_time if a.attack_class == attack.attack_class]
        if near:
            return replace(base, right_entity=False, right_class=True, detector=near[0].detector)
        return base


def score(run: RunFiles, grace_s: float = GRACE_S) -> Score:
    """The score of a recorded run. Raises `InputError` if its event log is broken."""
    scorer = Scorer(grace_s)
    for tick, batch in run.batches():
        scorer.hear(tick, batch)
    return scorer.score()


_HEADS = ("attack", "class", "entity", "began s", "detected", "after s", "entity", "class", "detector")


def render(result: Score) -> str:
    """A table with a row per attack, then the totals."""
    lines: list[str] = []
    if result.attacks:
        rows = [_HEADS, *(_row(attack) for attack in result.attacks)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
        lines.extend("  ".join(_cells(row, widths)).rstrip() for row in rows)
        lines.append("")
    lines.append(f"attacks       {len(result.attacks):,}, detected {result.detected:,}")
    if result.median_time_to_detect_s is not None:
        lines.append(f"detected in   {result.median_time_to_detect_s:,.1f} s (median)")
    per_day = result.false_alarms_per_day
    rate = "" if per_day is None else f" ({per_day:,.1f} per simulated day)"
    lines.append(f"alerts        {result.alerts:,}, false alarms {result.false_alarms:,}{rate}")
    return "\n".join(lines) + "\n"


def _cells(row: Sequence[str], widths: Iterable[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]


def _row(attack: AttackScore) -> tuple[str, ...]:
    after = "-" if attack.time_to_detect_s is None else f"{attack.time_to_detect_s:.1f}"
    return (
        attack.attack_id,
        attack.attack_class,
        attack.entity,
        f"{attack.began_s:.1f}",
        "yes" if attack.detected else "no",
        after,
        _verdict(attack.right_entity),
        _verdict(attack.right_class),
        attack.detector or "-",
    )


def _verdict(right: bool | None) -> str:
    return "-" if right is None else ("right" if right else "wrong")
