"""Who asked for which tampering: an id belongs to whoever used it first, and answers go to who asked.

Only the relay's thread uses it.
"""

from __future__ import annotations

from collections import Counter, deque

from fleet.messages.notices import Cause
from fleet.messages.plane import Body
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered

MOST_IDS = 20_000
IDS_PER_SENDER = 1_000
UNANSWERED_PER_ID = 100
MOST_SENDERS = 20_000
"""More than messages can wait (see `relay.py`), so nobody is forgotten whose request is still to be heard."""


class _Errand:
    """One tamper id: its owner, whether something runs under it, and who waits for an answer to which request."""

    __slots__ = ("owner", "running", "waiting")

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.running = False
        self.waiting: deque[tuple[type[Body], bytes | None]] = deque()


class Errands:
    """Every tamper id in use. Requests under one id are answered in the order in which they were made."""

    def __init__(self) -> None:
        self._errands: dict[str, _Errand] = {}
        self._held: Counter[str] = Counter()
        self._outside: dict[str, None] = {}

    def ask(self, sender: str, body: Body, route: bytes) -> Cause:
        """`sender` asks from outside, and is to be answered at `route`; "" if it may."""
        if not isinstance(body, StartTamper | StopTamper | ForgeOrder):
            return "not-allowed"
        errand = self._errands.get(body.tamper_id)
        if errand is not None and errand.owner != sender:
            return "not-allowed"
        if errand is None:
            if self._held[sender] >= IDS_PER_SENDER or len(self._errands) >= MOST_IDS:
                return "flood"
            errand = self._keep(body.tamper_id, sender)
        if len(errand.waiting) >= UNANSWERED_PER_ID:
            return "flood"
        errand.waiting.append((type(body), route))
        self._outside.pop(sender, None)
        self._outside[sender] = None
        if len(self._outside) > MOST_SENDERS:
            del self._outside[next(iter(self._outside))]
        return ""

    def _keep(self, tamper_id: str, sender: str) -> _Errand:
        errand = self._errands[tamper_id] = _Errand(sender)
        self._held[sender] += 1
        return errand

    def heard(self, sender: str, body: Body) -> None:
        """A request was heard in the run; one made inside takes its id too."""
        if sender in self._outside or not isinstance(body, StartTamper | StopTamper | ForgeOrder):
            return
        errand = self._errands.get(body.tamper_id)
        if errand is None and len(self._errands) < MOST_IDS:
            errand = self._keep(body.tamper_id, sender)
        if errand is not None and len(errand.waiting) < UNANSWERED_PER_ID:
            errand.waiting.append((type(body), None))

    def answered(self, answer: TamperAnswered) -> bytes | None:
        """Where an answer heard in the run is to go; None for one that concerns nobody outside."""
        errand = self._errands.get(answer.tamper_id)
        if errand is None or not errand.waiting:
            return None
        kind, route = errand.waiting.popleft()
        if answer.cause == "" and kind is not ForgeOrder:
            errand.running = kind is StartTamper
        if not errand.waiting and not errand.running:
            del self._errands[answer.tamper_id]
            self._held[errand.owner] -= 1
            if not self._held[errand.owner]:
                del self._held[errand.owner]
        return route
