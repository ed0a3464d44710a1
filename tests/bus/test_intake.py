"""What may come in: every cause, every rule, and whatever bytes there may be."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.bus.doors import ANYBODY, Peer
from fleet.bus.errands import IDS_PER_SENDER, Errands
from fleet.bus.intake import ANONYMOUS_NAMES, BYTES_PER_TICK, CONTROLS_PER_SECOND, MESSAGES_PER_TICK, Intake
from fleet.bus.wire import MOST_AHEAD_MS
from fleet.messages.codec import decode, encode
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun, StopRun
from fleet.messages.notices import Receipt
from fleet.messages.orders import FlyRoute, Recall, RevokeKey, RotateKey, StopOrder
from fleet.messages.reports import UnloadRefused
from fleet.messages.roles import MAY_SAY
from fleet.messages.seal import KeyPair
from fleet.messages.security import Alert
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import AttackBegan
from tests.bus.visitor import request, signed
from tests.messages.runs import EARLIER, RUN

KIM, BO, EVE = KeyPair(b"k" * 32, RUN), KeyPair(b"b" * 32, RUN), KeyPair(b"e" * 32, RUN)
TRUSTED = {
    "operator/kim": (KIM.public, MAY_SAY["operator"]),
    "blue/bo": (BO.public, MAY_SAY["blue"]),
}
KIM_PEER, RED_PEER = Peer("kim", "operator"), Peer("mallory", "red")
RECALL = Recall(order_id="o", vehicle="v", site="s", x_m=1.0, y_m=2.0, navigation="gnss")
FOR_EVER = FlyRoute(
    order_id="o", vehicle="v", append=True,
    stops=(StopOrder(kind="dock", target="s", x_m=0.0, y_m=0.0, latest_ms=2**60),),
)  # fmt: skip
LABEL = AttackBegan(attack_id="a", attack_class="c", entity="e")
ANSWER = TamperAnswered(tamper_id="t", effect_tick=1, cause="")
START = StartTamper(tamper_id="t", primitive="p", target="v", parameters={})
BAD_WORD = StartTamper(tamper_id="t", primitive="p", target="v", parameters={"\n": 1.0})


def judge(data, *, door="command", peer=KIM_PEER, now_ms=0, intake=None):
    return (intake or Intake(TRUSTED, RUN)).check(door, peer, data, now_ms, b"route")


def recall(**changes):
    return msgspec.structs.replace(RECALL, **changes)


def order(body=RECALL, *, key=KIM, sender="operator/kim", seq=1, expires_ms=5_000):
    return signed(key, sender, seq, body, expires_ms)


def test_a_signed_order_comes_in():
    verdict = judge(order())
    assert verdict.cause == ""
    assert (verdict.sender, verdict.seq) == ("operator/kim", 1)
    assert verdict.message is not None
    assert verdict.message.body == RECALL


@pytest.mark.parametrize(
    "data, peer, cause",
    [
        (b"", KIM_PEER, "malformed"),
        (b"rubbish", KIM_PEER, "malformed"),
        (order(recall(x_m=float("nan"))), KIM_PEER, "malformed"),
        (order(recall(x_m=1e300)), KIM_PEER, "malformed"),
        (order(recall(order_id="\x1b[2J")), KIM_PEER, "malformed"),
        (order(recall(order_id="o" * 300)), KIM_PEER, "malformed"),
        (order(FOR_EVER), KIM_PEER, "malformed"),
        (order(seq=2**63), KIM_PEER, "malformed"),
        (order(seq=-1), KIM_PEER, "malformed"),
        (order(StepRun(ticks=0)), KIM_PEER, "malformed"),
        (order(SetSpeed(factor=float("inf"))), KIM_PEER, "malformed"),
        (order(key=EVE, sender="operator/eve"), Peer("eve", "operator"), "unknown-key"),
        (order(key=EVE, sender="operator/eve"), ANYBODY, "unknown-key"),
        (order(key=EVE), KIM_PEER, "bad-signature"),
        (order(key=KeyPair(b"k" * 32, EARLIER)), KIM_PEER, "bad-signature"),
        (request("operator/kim", 1, RECALL), KIM_PEER, "bad-signature"),
        (order(expires_ms=999), KIM_PEER, "stale"),
        (order(expires_ms=1_000 + MOST_AHEAD_MS + 1), KIM_PEER, "stale"),
        (order(), Peer("lee", "operator"), "not-allowed"),
        (order(), Peer("kim", "blue"), "not-allowed"),
        (order(key=BO, sender="blue/bo"), Peer("bo", "blue"), "not-allowed"),
        (order(RotateKey(order_id="o", holder="dispatch", public_key=b"")), KIM_PEER, "not-allowed"),
        (order(START), KIM_PEER, "not-allowed"),
        (order(UnloadRefused(facility="f", vehicle="v", cause="full")), KIM_PEER, "not-allowed"),
        (order(Receipt(seq=1, tick=1, cause="")), KIM_PEER, "not-allowed"),
        (order(LABEL), KIM_PEER, "not-allowed"),
        (order(), Peer("kim", "operator", revoked=True), "revoked"),
    ],
)  # fmt: skip
def test_orders_are_refused_for_their_cause(data, peer, cause):
    intake = Intake(TRUSTED, RUN)
    verdict = judge(data, peer=peer, now_ms=1_000, intake=intake)
    assert (verdict.cause, verdict.message) == (cause, None)
    assert intake.counts == {cause: 1}


@pytest.mark.parametrize(
    "data, door, reason",
    [
        (order(recall(x_m=float("nan"))), "command", "x_m: expected a number from -1e+12 to 1e+12, found nan"),
        (order(recall(order_id="o" * 300)), "command", "order_id: expected a text of at most 256 char"),
        (order(recall(site="\x1b[2J")), "command", r"site: expected a printable text, found '\x1b[2J'"),
        (order(FOR_EVER), "command", f"stops.0.latest_ms: expected a whole number from -{2**53} to"),
        (order(seq=-1), "command", "seq: expected a whole number from 0 to 9223372036854775807, found -1"),
        (order(SetSpeed(factor=-1.0)), "command", "factor: expected a number from 0 to 1e+06, found -1"),
        (order().replace(b"x_m", b"x\nm"), "command", "not a message of this bus: Object contains unknown"),
        (signed(EVE, "red/mallory", 1, START), "injection", "signature and expires_ms: expected empty and 0"),
        (request("red/mallory", 1, BAD_WORD), "injection", r"parameters: expected a printable text, found '\n'"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_told_why(data, door, reason):
    verdict = judge(data, door=door, peer=KIM_PEER if door == "command" else RED_PEER)
    assert verdict.cause == "malformed"
    assert verdict.reason.startswith(reason)


def test_no_other_cause_has_a_reason():
    assert judge(order(key=EVE)).reason == judge(order()).reason == ""
    assert judge(request("red/other", 1, START), door="injection", peer=RED_PEER).reason == ""


def test_without_keys_of_connections_the_signature_alone_counts():
    assert judge(order(), peer=ANYBODY).cause == ""


def test_blue_may_alert_and_state_intents():
    alert = Alert(
        alert_id="a", detector="d", attack_class="c", entity="v", score=1.0, threshold=0.5, evidence="e"
    )  # fmt: skip
    intake, bo = Intake(TRUSTED, RUN), Peer("bo", "blue")
    for seq, body in enumerate((alert, RevokeKey(alert_id="a", holder="h"))):
        assert judge(order(body, key=BO, sender="blue/bo", seq=seq), peer=bo, intake=intake).cause == ""


def test_a_counter_only_grows():
    intake = Intake(TRUSTED, RUN)
    seqs = [5, 5, 4, 6, 2**63 - 1, 7]
    causes = [judge(order(seq=seq), intake=intake).cause for seq in seqs]
    assert causes == ["", "replay", "replay", "", "", "replay"]


def test_what_was_refused_counts_for_nothing():
    intake = Intake(TRUSTED, RUN)
    assert judge(order(seq=9, key=EVE), intake=intake).cause == "bad-signature"
    assert judge(order(seq=9, expires_ms=1), now_ms=2, intake=intake).cause == "stale"
    assert judge(order(seq=1), intake=intake).cause == ""


@pytest.mark.parametrize(
    "data, peer, cause",
    [
        (request("red/mallory", 1, START), RED_PEER, ""),
        (request("red/other", 1, START), RED_PEER, "not-allowed"),
        (request("red/other", 1, START), ANYBODY, ""),
        (request("operator/kim", 1, START), ANYBODY, "not-allowed"),
        (request("red/a/b", 1, START), ANYBODY, "not-allowed"),
        (request("red/", 1, START), ANYBODY, "not-allowed"),
        (request("red/" + "x" * 65, 1, START), ANYBODY, "not-allowed"),
        (request("red/mallory", 1, ANSWER), RED_PEER, "not-allowed"),
        (request("red/mallory", 1, RECALL), RED_PEER, "not-allowed"),
        (request("red/mallory", 1, LABEL), RED_PEER, "not-allowed"),
        (signed(EVE, "red/mallory", 1, START), RED_PEER, "malformed"),
        (request("red/mallory", 1, ForgeOrder(tamper_id="t", order=RECALL)), RED_PEER, ""),
    ],
)  # fmt: skip
def test_requests_for_tampering(data, peer, cause):
    assert judge(data, door="injection", peer=peer).cause == cause


def test_requests_are_counted_too():
    intake = Intake({}, RUN)
    asked = [request("red/mallory", seq, START) for seq in (3, 3, 2, 4)]
    causes = [judge(data, door="injection", peer=RED_PEER, intake=intake).cause for data in asked]
    assert causes == ["", "replay", "replay", ""]


def test_nobody_bears_the_name_of_somebody_inside():
    intake = Intake({}, RUN, inside=frozenset({"red/gnss-tow-0"}))
    assert (
        judge(request("red/gnss-tow-0", 1, START), door="injection", peer=ANYBODY, intake=intake).cause
        == "not-allowed"
    )


def test_a_peer_has_its_share_of_a_tick_and_no_more():
    intake = Intake(TRUSTED, RUN)
    flooder = Peer("flo", "operator")
    causes = Counter(judge(b"x", peer=flooder, intake=intake).cause for _ in range(MESSAGES_PER_TICK + 10))
    assert causes == {"malformed": MESSAGES_PER_TICK, "flood": 10}
    assert judge(order(), intake=intake).cause == ""
    assert judge(b"x", peer=flooder, intake=intake, now_ms=1_000).cause == "malformed"


def test_a_share_is_counted_in_bytes_too():
    intake = Intake(TRUSTED, RUN)
    big = b"x" * (BYTES_PER_TICK // 4)
    assert [judge(big, intake=intake).cause for _ in range(5)] == ["malformed"] * 4 + ["flood"]


def test_nameless_peers_have_a_share_for_each_connection():
    intake = Intake({}, RUN)
    for _ in range(MESSAGES_PER_TICK + 1):
        last = intake.check("injection", ANYBODY, b"x", 0, b"one").cause
    assert last == "flood"
    assert intake.check("injection", ANYBODY, b"x", 0, b"two").cause == "malformed"


def test_nameless_names_do_not_fill_the_memory():
    intake = Intake({}, RUN)
    causes = Counter()
    for number in range(ANONYMOUS_NAMES + 5):
        body = StartTamper(tamper_id=f"t{number}", primitive="p", target="v", parameters={})
        data = request(f"red/r{number}", 1, body)
        causes[intake.check("injection", ANYBODY, data, number, b"r").cause] += 1
    assert causes == {"": ANONYMOUS_NAMES + 5}
    last = request(f"red/r{ANONYMOUS_NAMES + 4}", 1, START)
    assert intake.check("injection", ANYBODY, last, 0, b"r").cause == "replay"
    assert len(intake._seen_anonymous) == ANONYMOUS_NAMES


def test_a_nameless_peer_uses_up_nobody_elses_numbers():
    intake = Intake({}, RUN)
    assert intake.check("injection", ANYBODY, request("red/guest", 2**63 - 1, START), 0, b"one").cause == ""
    assert intake.check("injection", ANYBODY, request("red/guest", 1, START), 0, b"two").cause == ""
    assert intake.check("injection", ANYBODY, request("red/guest", 1, START), 0, b"two").cause == "replay"


def test_in_a_pause_a_share_is_renewed_every_second():
    now_s = [0.0]
    intake = Intake(TRUSTED, RUN, clock_s=lambda: now_s[0])
    causes = Counter(judge(b"x", intake=intake).cause for _ in range(MESSAGES_PER_TICK + 1))
    assert causes == {"malformed": MESSAGES_PER_TICK, "flood": 1}
    now_s[0] = 1.0
    assert judge(b"x", intake=intake).cause == "malformed"


@pytest.mark.parametrize("peer", [KIM_PEER, ANYBODY])
def test_who_may_steer_the_run_is_not_shut_out_by_a_flood(peer):
    intake = Intake(TRUSTED, RUN, clock_s=lambda: 0.0)
    for _ in range(MESSAGES_PER_TICK + 1):
        judge(b"x", peer=peer, intake=intake)
    assert judge(order(), peer=peer, intake=intake).cause == "flood"
    assert judge(order(ResumeRun(), key=EVE), peer=peer, intake=intake).cause == "flood"
    causes = Counter(judge(order(ResumeRun(), seq=n), peer=peer, intake=intake).cause for n in range(200))
    assert causes == {"": CONTROLS_PER_SECOND - 1, "flood": 200 - CONTROLS_PER_SECOND + 1}


def test_when_too_much_waits_only_control_comes_in():
    intake = Intake(TRUSTED, RUN)
    assert intake.check("command", KIM_PEER, order(), 0, b"r", room="controls").cause == "flood"
    assert intake.check("command", KIM_PEER, order(ResumeRun()), 0, b"r", room="controls").cause == ""


def test_when_even_more_waits_only_what_lets_the_run_go_on_comes_in():
    intake = Intake(TRUSTED, RUN)
    bodies = (SetSpeed(factor=2.0), PauseRun(), ResumeRun(), StepRun(ticks=1), StopRun())
    for room, expected in (("going-on", ["flood", "flood", "", "", ""]), ("none", ["flood"] * 5)):
        orders = [order(body, seq=seq) for seq, body in enumerate(bodies, start=len(intake.counts) * 10)]
        causes = [intake.check("command", KIM_PEER, data, 0, b"r", room=room).cause for data in orders]
        assert causes == expected


# ---- whatever the bytes


@st.composite
def mutated(draw):
    data = bytearray(
        draw(st.sampled_from([order(), order(START), request("red/mallory", 1, START), b"\x00" * 40]))
    )
    for _ in range(draw(st.integers(0, 4))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


PEERS = [ANYBODY, KIM_PEER, RED_PEER, Peer("bo", "blue"), Peer("kim", "operator", revoked=True)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["command", "injection"]), st.sampled_from(PEERS), st.binary(max_size=80) | mutated()
        ),
        max_size=20,
    )
)
def test_whatever_comes_is_answered_and_counted(given_messages):
    intake = Intake(TRUSTED, RUN)
    accepted = refused = 0
    for door, peer, data in given_messages:
        verdict = intake.check(door, peer, data, 0, b"route")
        accepted += verdict.message is not None
        refused += verdict.cause != ""
        assert (verdict.message is None) == (verdict.cause != "")
    assert accepted + refused == intake.given == len(given_messages) == sum(intake.counts.values())
    assert intake.counts[""] == accepted


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(order()) - 1), st.integers(1, 255))
def test_no_bit_of_an_order_can_be_changed(place, flip):
    data = bytearray(order())
    data[place] ^= flip
    verdict = judge(bytes(data))
    if verdict.message is not None:
        # Only the date is not signed: the gate puts its own. And a number may be written in several ways.
        assert verdict.message.body == RECALL
        assert verdict.message.t_ms != 0 or verdict.message == decode(order())


# ---- who owns which tamper id


def test_an_id_in_use_belongs_to_who_used_it_first():
    intake = Intake({}, RUN)
    stop = StopTamper(tamper_id="t")
    assert judge(request("red/a", 1, START), door="injection", peer=ANYBODY, intake=intake).cause == ""
    assert judge(request("red/b", 1, stop), door="injection", peer=ANYBODY, intake=intake).cause == "not-allowed"
    assert judge(request("red/a", 2, stop), door="injection", peer=ANYBODY, intake=intake).cause == ""


def test_answers_go_to_who_asked_in_the_order_asked():
    errands = Errands()
    assert errands.ask("red/a", START, b"1") == ""
    assert errands.ask("red/a", StopTamper(tamper_id="t"), b"2") == ""
    done = TamperAnswered(tamper_id="t", effect_tick=3, cause="")
    assert [errands.answered(done), errands.answered(done), errands.answered(done)] == [b"1", b"2", None]


def test_an_id_is_free_again_when_nothing_runs_under_it():
    errands = Errands()
    refused = TamperAnswered(tamper_id="t", effect_tick=-1, cause="no such vehicle")
    assert errands.ask("red/a", START, b"1") == ""
    assert errands.answered(refused) == b"1"
    assert errands.ask("red/b", START, b"2") == ""
    assert errands.answered(TamperAnswered(tamper_id="t", effect_tick=4, cause="")) == b"2"
    assert errands.ask("red/b", START, b"2") == ""
    assert errands.answered(refused) == b"2"
    assert errands.ask("red/a", START, b"1") == "not-allowed", "what b started still runs"


def test_ids_used_inside_are_taken_and_their_answers_concern_nobody_outside():
    errands = Errands()
    errands.heard("red/gnss-tow-0", START)
    assert errands.ask("red/a", StopTamper(tamper_id="t"), b"1") == "not-allowed"
    assert errands.answered(TamperAnswered(tamper_id="t", effect_tick=1, cause="")) is None


def test_one_sender_cannot_take_every_id():
    errands = Errands()
    bodies = [
        StartTamper(tamper_id=f"t{n}", primitive="p", target="v", parameters={}) for n in range(IDS_PER_SENDER + 1)
    ]
    causes = Counter(errands.ask("red/a", body, b"1") for body in bodies)
    assert causes == {"": IDS_PER_SENDER, "flood": 1}
    assert errands.ask("red/b", bodies[-1], b"2") == ""


def test_what_is_let_in_was_not_touched():
    data = order(PauseRun())
    verdict = judge(data)
    assert verdict.message is not None
    assert encode(verdict.message) == data
