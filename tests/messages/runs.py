"""The run that signatures in tests are for, and one that was before it."""

from __future__ import annotations

from fleet.messages.run_id import RunId

RUN = RunId("0123456789abcdef" * 2)
EARLIER = RunId("fedcba9876543210" * 2)
