"""What the watchman says."""

from __future__ import annotations

from fleet.messages.plane import Telemetry


class Alert(Telemetry, frozen=True, kw_only=True):
    """Something is wrong with `entity`. `score` and `threshold` are in the detector's own unit."""

    alert_id: str
    detector: str
    attack_class: str
    entity: str
    score: float
    threshold: float
    evidence: str
