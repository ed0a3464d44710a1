"""Labels for what a red team outside does: it has no way to the truth plane, and a score needs to know.

Derived from what is heard and nothing else, so a replay says the same labels again by itself.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleet.messages.envelope import Message
from fleet.messages.port import Port
from fleet.messages.roles import outside_sender
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import AttackBegan, AttackEnded, TamperEffect

SENDER = "gate/labels"
_RED = outside_sender("red", "")
Request = StartTamper | StopTamper | ForgeOrder


@dataclass(frozen=True, slots=True)
class _Attack:
    attack_class: str
    target: str


class Labels:
    """A participant that reads the injection and truth planes and says when an outside attack begins and ends.

    Requests under one `tamper_id` are answered in the order in which they were heard, so an answer belongs to the
    oldest request that has none. `labelled` are red senders that label themselves: the attacks of the scenario.
    `classes` is what a label calls each primitive; one that is not in it goes by its own name.

    The effect on the target is told when a request starts or stops it, in the tick of the answer. Told at any
    other time, it says that the attack is over by itself.
    """

    def __init__(self, port: Port, labelled: frozenset[str], classes: Mapping[str, str]) -> None:
        self._port = port
        self._labelled = labelled
        self._classes = classes
        self._asked: dict[str, deque[tuple[bool, Request]]] = {}
        self._attacks: dict[str, _Attack] = {}
        self._begun: set[tuple[str, str]] = set()

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        due: Counter[tuple[str, str]] = Counter()
        for message in inbox:
            body = message.body
            if isinstance(body, Request):
                ours = message.sender.startswith(_RED) and message.sender not in self._labelled
                self._asked.setdefault(body.tamper_id, deque()).append((ours, body))
            elif isinstance(body, TamperAnswered) and body.tamper_id in self._asked:
                ours, request = self._oldest(body.tamper_id)
                if ours and not body.cause:
                    self._took_effect(request, due)
            elif isinstance(body, TamperEffect):
                self._told(body, due)

    def next_wake_ms(self) -> int | None:
        return None

    def _oldest(self, tamper_id: str) -> tuple[bool, Request]:
        """The oldest request that has no answer; it has one now."""
        asked = self._asked[tamper_id]
        oldest = asked.popleft()
        if not asked:
            del self._asked[tamper_id]
        return oldest

    def _took_effect(self, request: Request, due: Counter[tuple[str, str]]) -> None:
        name = request.tamper_id
        if isinstance(request, StartTamper):
            attack_class = self._classes.get(request.primitive, request.primitive)
            self._attacks[name] = _Attack(attack_class, request.target)
            due[name, request.target] += 1
            self._begin(name, request.target)
        elif isinstance(request, ForgeOrder):
            self._begin(name, getattr(request.order, "vehicle", "*"))
        elif name in self._attacks:
            due[name, self._attacks[name].target] += 1
            self._end(name)

    def _told(self, effect: TamperEffect, due: Counter[tuple[str, str]]) -> None:
        """In an area each vehicle is told of for itself, as it enters and leaves: that ends nothing."""
        name, entity = effect.tamper_id, effect.entity
        if due[name, entity]:
            due[name, entity] -= 1
        elif name in self._attacks and entity == self._attacks[name].target:
            self._end(name)

    def _begin(self, name: str, entity: str) -> None:
        attack = self._attacks.get(name)
        if attack is not None and (name, entity) not in self._begun:
            self._begun.add((name, entity))
            self._port.say(AttackBegan(attack_id=name, attack_class=attack.attack_class, entity=entity))

    def _end(self, name: str) -> None:
        del self._attacks[name]
        self._begun = {(other, entity) for other, entity in self._begun if other != name}
        self._port.say(AttackEnded(attack_id=name))
