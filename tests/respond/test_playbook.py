"""From alerts to signed intents."""

import pytest

from fleet.bus.memory import MemoryBus
from fleet.messages.envelope import Envelope
from fleet.messages.orders import QuarantineVehicle, RevokeKey
from fleet.messages.people import FollowVehicle, StopVehicle
from fleet.messages.reports import UnloadRefused
from fleet.messages.roles import GUARD_VERBS, INTENT_VERBS
from fleet.messages.seal import KeyPair, Verifier
from fleet.messages.security import Alert
from fleet.respond.playbook import Playbook
from tests.messages.runs import RUN

KEY = KeyPair(b"\x07" * 32, RUN)


def answered(*bodies):
    """What the guard says to bodies heard in one tick."""
    bus = MemoryBus(lambda: 5_000)
    inbox = [Envelope(sender="x", seq=n, t_ms=4_000, body=body) for n, body in enumerate(bodies)]
    Playbook(bus.port("respond", KEY)).on_tick(5, 5_000, inbox)
    return bus.turn()


def alert(attack_class):
    return Alert(
        alert_id="a1", detector="d", attack_class=attack_class, entity="v3", score=2.0, threshold=1.0, evidence=""
    )


QUARANTINE = QuarantineVehicle(alert_id="a1", vehicle="v3", bring_home_by="anchors")


@pytest.mark.parametrize(
    "attack_class, intents",
    [
        ("gps-tow", [QUARANTINE]),
        ("stolen-key", [RevokeKey(alert_id="a1", holder="dispatch"), QUARANTINE]),
        ("never heard of", [QUARANTINE]),
    ],
)
def test_an_alert_leads_to_intents(attack_class, intents):
    assert [message.body for message in answered(alert(attack_class))] == intents


def test_nothing_else_does():
    assert answered(UnloadRefused(facility="f", vehicle="v3", cause="full")) == []


def test_intents_are_signed():
    trusted = Verifier({"respond": KEY.public}, {"respond": frozenset({"QuarantineVehicle", "RevokeKey"})}, RUN)
    assert [trusted.check(message, 5_000) for message in answered(alert("stolen-key"))] == ["", ""]


@pytest.mark.parametrize("wish, kind", [("follow", FollowVehicle), ("stop", StopVehicle)])
def test_a_guard_is_sent_where_the_scenario_says_so(wish, kind):
    bus = MemoryBus(lambda: 5_000)
    heard = Envelope(sender="watchman", seq=0, t_ms=4_000, body=alert("gps-tow"))
    Playbook(bus.port("respond", KEY), wish).on_tick(5, 5_000, [heard])
    said = bus.turn()
    assert [m.body for m in said] == [QUARANTINE, kind(order_id="guard/a1", guard="", vehicle="v3")]
    verifier = Verifier({"respond": KEY.public}, {"respond": GUARD_VERBS | INTENT_VERBS}, RUN)
    assert [verifier.check(m, 5_000) for m in said] == ["", ""]
