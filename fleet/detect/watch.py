"""The watchman: runs detectors over what is said, and says alerts."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.detect.detector import Detector, Suspicion
from fleet.messages.envelope import Message
from fleet.messages.port import Port
from fleet.messages.security import Alert

QUIET_MS = 600_000
"""The same detector does not repeat itself about the same entity within this time."""


class Watchman:
    """A participant that reads telemetry. Score first, decide, learn after."""

    def __init__(self, detectors: Sequence[Detector], port: Port) -> None:
        self._detectors = tuple(detectors)
        self._port = port
        self._last_ms: dict[tuple[str, str], int] = {}
        self._alerts = 0

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        for detector in self._detectors:
            suspicions = detector.score(now_ms, inbox)
            for suspicion in suspicions:
                if suspicion.score > detector.threshold():
                    self._raise(detector, suspicion, now_ms)
            detector.learn(now_ms, inbox)

    def _raise(self, detector: Detector, suspicion: Suspicion, now_ms: int) -> None:
        key = (detector.name, suspicion.entity)
        if now_ms - self._last_ms.get(key, -QUIET_MS) < QUIET_MS:
            return
        self._last_ms[key] = now_ms
        self._alerts += 1
        self._port.say(
            Alert(
                alert_id=f"a{self._alerts:04d}",
                detector=detector.name,
                attack_class=detector.attack_class,
                entity=suspicion.entity,
                score=suspicion.score,
                threshold=float(round(detector.threshold(), 3)),
                evidence=suspicion.evidence,
            )
        )

    def next_wake_ms(self) -> int | None:
        return None
