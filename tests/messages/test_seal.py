"""Orders are obeyed when they are provably right, and otherwise refused with the cause."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.errors import MessageError
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope
from fleet.messages.orders import FlyRoute, Recall, RotateKey, StopOrder
from fleet.messages.run_id import RunId
from fleet.messages.seal import MAX_SEQ, KeyPair, SecretKey, Verifier
from fleet.messages.security import Alert
from tests.messages.runs import EARLIER, RUN

MINE, OTHER, AUTHORITY = (KeyPair(bytes([n]) * 32, RUN) for n in (1, 2, 3))
KEYS = {"dispatch": MINE.public, "deputy": OTHER.public, "authority": AUTHORITY.public}
VERBS = {"dispatch": frozenset({"FlyRoute", "Recall"}), "authority": frozenset({"RotateKey"})}
STOP = StopOrder(kind="pickup", target="p-1", x_m=10.0, y_m=-20.5, mass_kg=1.25, latest_ms=90_000)
ROUTE = FlyRoute(order_id="o1", vehicle="v", append=True, stops=(STOP,))
RECALL = Recall(order_id="o2", vehicle="v", site="home", x_m=0.0, y_m=1.0, navigation="gnss")
NOW = 10_000


def signed(body=ROUTE, seq=0, *, sender="dispatch", key=MINE, expires_ms=NOW + 5_000):
    signature = key.sign(sender, seq, expires_ms, body)
    return Envelope(sender=sender, seq=seq, t_ms=NOW, body=body, expires_ms=expires_ms, signature=signature)


def fresh():
    return Verifier(KEYS, VERBS, RUN)


def test_a_right_order_is_taken_until_the_moment_it_expires():
    assert fresh().check(signed(), NOW) == ""
    assert fresh().check(signed(), NOW + 5_000) == ""


@pytest.mark.parametrize(
    "message, now_ms, cause",
    [
        (signed(sender="nobody"), NOW, "unknown-key"),
        (signed(key=OTHER), NOW, "bad-signature"),
        (signed(key=KeyPair(bytes([1]) * 32, EARLIER)), NOW, "bad-signature"),
        (msgspec.structs.replace(signed(), signature=b""), NOW, "bad-signature"),
        (msgspec.structs.replace(signed(), signature=b"\x00" * 64), NOW, "bad-signature"),
        (msgspec.structs.replace(signed(), body=RECALL), NOW, "bad-signature"),
        (signed(seq=-1), NOW, "replay"),
        (signed(), NOW + 5_001, "stale"),
        (signed(RotateKey(order_id="o", holder="dispatch", public_key=OTHER.public)), NOW, "not-allowed"),
        (signed(sender="deputy", key=OTHER), NOW, "not-allowed"),
        (signed(sender="authority", key=AUTHORITY), NOW, "not-allowed"),
    ],
)
def test_every_cause_of_refusal(message, now_ms, cause):
    assert fresh().check(message, now_ms) == cause


def test_an_order_counts_once():
    verifier = fresh()
    assert verifier.check(signed(seq=3), NOW) == ""
    assert [verifier.check(signed(seq=n), NOW) for n in (3, 2, 0)] == ["replay"] * 3
    assert [verifier.check(signed(seq=n), NOW) for n in (4, 9)] == ["", ""]


def test_a_counter_is_a_signed_number_of_64_bits():
    verifier = fresh()
    assert verifier.check(signed(seq=MAX_SEQ + 1), NOW) == "replay"
    assert verifier.check(signed(seq=MAX_SEQ), NOW) == ""
    assert verifier.check(signed(seq=MAX_SEQ), NOW) == "replay"


def test_kinds_of_one_plane_share_a_counter_and_planes_do_not():
    verifier = Verifier({"bo": MINE.public}, {"bo": frozenset({"Recall", "FlyRoute", "Alert"})}, RUN)
    alert = Alert(alert_id="a", detector="d", attack_class="c", entity="v", score=1.0, threshold=0.5, evidence="e")
    found = [
        verifier.check(signed(b, n, sender="bo"), NOW)
        for b, n in ((ROUTE, 5), (RECALL, 4), (alert, 1), (RECALL, 6))
    ]
    assert found == ["", "replay", "", ""]


def test_what_was_refused_does_not_count():
    """Otherwise an old or a forbidden order far ahead would lock the rightful holder out."""
    verifier = fresh()
    assert verifier.check(signed(seq=50), NOW + 6_000) == "stale"
    rotate = RotateKey(order_id="o", holder="dispatch", public_key=OTHER.public)
    assert verifier.check(signed(rotate, seq=60), NOW) == "not-allowed"
    assert verifier.check(signed(key=OTHER, seq=70), NOW) == "bad-signature"
    assert verifier.check(signed(seq=0), NOW) == ""


def test_holders_count_each_for_themselves():
    verifier = Verifier(KEYS, {**VERBS, "deputy": VERBS["dispatch"]}, RUN)
    assert verifier.check(signed(seq=9), NOW) == ""
    assert verifier.check(signed(seq=0, sender="deputy", key=OTHER), NOW) == ""


def flip(data, bit):
    spoilt = bytearray(data)
    spoilt[bit // 8 % len(spoilt)] ^= 1 << bit % 8
    return bytes(spoilt)


@given(bit=st.integers(0, 511))
def test_any_other_signature_is_refused(bit):
    message = signed()
    assert fresh().check(msgspec.structs.replace(message, signature=flip(message.signature, bit)), NOW) != ""


@given(bit=st.integers(0, 62), field=st.sampled_from(["seq", "expires_ms"]))
def test_any_other_number_is_refused(bit, field):
    message = signed(seq=5)
    other = msgspec.structs.replace(message, **{field: getattr(message, field) ^ (1 << bit)})
    assert fresh().check(other, 0) == "bad-signature"


@given(bit=st.integers(0, 8 * len("dispatch") - 1))
def test_any_other_sender_is_refused(bit):
    sender = flip(b"dispatch", bit).decode("latin-1")
    assert fresh().check(msgspec.structs.replace(signed(), sender=sender), NOW) == "unknown-key"


@given(bit=st.integers(0, 10_000))
@settings(max_examples=300)
def test_any_other_body_is_refused(bit):
    """Flip any bit of the wire form: it is no message, or refused, or differs only in what is not signed."""
    message = signed()
    try:
        other = decode(flip(encode(message), bit))
    except MessageError:
        return
    answer = fresh().check(other, NOW)
    assert (answer == "") == (msgspec.structs.replace(other, t_ms=NOW) == message)


def test_a_new_key_takes_the_place_of_the_old_one():
    verifier = fresh()
    assert verifier.check(signed(seq=1_000), NOW) == ""
    verifier.rotate("dispatch", OTHER.public)
    assert verifier.check(signed(seq=1_001), NOW) == "bad-signature"
    assert verifier.check(signed(seq=3, key=OTHER), NOW) == ""
    assert verifier.check(signed(seq=3, key=OTHER), NOW) == "replay"


@pytest.mark.parametrize("bad", [b"", b"x" * 31, b"x" * 33])
def test_bytes_that_are_no_key_change_nothing(bad):
    verifier = fresh()
    verifier.check(signed(seq=5), NOW)
    with pytest.raises(MessageError, match="32 bytes"):
        verifier.rotate("dispatch", bad)
    assert verifier.check(signed(seq=5), NOW) == "replay"
    assert verifier.check(signed(seq=6), NOW) == ""


def test_a_holder_who_was_never_trusted_gets_no_verbs_by_a_key():
    verifier = fresh()
    verifier.rotate("stranger", OTHER.public)
    assert verifier.check(signed(sender="stranger", key=OTHER), NOW) == "not-allowed"


def test_an_order_of_one_run_is_none_in_another():
    mine = SecretKey(bytes([1]) * 32)
    assert mine.public == MINE.public
    orders = {run: signed(key=mine.for_run(run)) for run in (EARLIER, RUN)}
    for run in orders:
        found = {other: Verifier(KEYS, VERBS, run).check(order, NOW) for other, order in orders.items()}
        assert found == {other: "" if other == run else "bad-signature" for other in orders}


def test_who_is_trusted_for_another_run_stays_so_under_a_new_key():
    verifier = fresh()
    verifier.trust("kim", MINE.public, VERBS["dispatch"], EARLIER)
    assert verifier.check(signed(sender="kim"), NOW) == "bad-signature"
    assert verifier.check(signed(sender="kim", key=KeyPair(bytes([1]) * 32, EARLIER)), NOW) == ""
    verifier.rotate("kim", OTHER.public)
    assert verifier.check(signed(sender="kim", key=OTHER), NOW) == "bad-signature"
    assert verifier.check(signed(sender="kim", key=KeyPair(bytes([2]) * 32, EARLIER)), NOW) == ""
    assert verifier.check(signed(), NOW) == "", "the others stay where they were"


@pytest.mark.parametrize("bad", ["", "0" * 31, "0" * 33, "0" * 31 + "g", "A" * 32, "0" * 32 + "\n"])
def test_what_is_no_id_of_a_run_is_refused_before_anything_is_signed(bad):
    with pytest.raises(MessageError, match="run_id: expected 32 lower-case hex digits"):
        RunId(bad)
