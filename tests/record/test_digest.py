"""The digest covers what was said, in order, and nothing else."""

from __future__ import annotations

import hashlib
import struct

import msgspec
import pytest

from fleet.messages import tamper, truth
from fleet.messages.codec import said_bytes
from fleet.messages.orders import RotateKey
from fleet.record.digest import Digest
from tests.record import run_of


def both(*ticks):
    digest = Digest()
    for tick, batch in ticks:
        digest.hear(tick, batch)
    return digest.hexdigest(), digest.world_hexdigest()


def test_it_is_what_the_page_says():
    message = run_of.heard(run_of.alert("v-0"), t_ms=5)[0]
    said = said_bytes(message)
    expected = hashlib.sha256(struct.pack("<qq", 3, len(said)) + said).hexdigest()
    assert both((3, [message])) == (f"sha256:{expected}", f"sha256:{expected}")


def test_how_a_tick_was_cut_into_calls_does_not_matter():
    batch = run_of.heard(run_of.alert("a"), run_of.alert("b"))
    assert both((1, batch)) == both((1, batch[:1]), (1, []), (1, batch[1:]))


@pytest.mark.parametrize("bulk", [run_of.frame(1), run_of.leg(1)])
def test_bulk_is_left_out(bulk):
    assert both((1, run_of.heard(bulk))) == both()


def test_signature_expiry_and_key_material_are_left_out():
    order = RotateKey(order_id="o", holder="h", public_key=b"\x01" * 32)
    plain = run_of.heard(order)[0]
    other = run_of.heard(msgspec.structs.replace(order, public_key=b"\x02" * 32))[0]
    signed = msgspec.structs.replace(plain, signature=b"s" * 64, expires_ms=9)
    assert both((1, [plain])) == both((1, [other])) == both((1, [signed]))
    assert both((1, [plain])) != both()
    assert plain.body.public_key == b"\x01" * 32


@pytest.mark.parametrize("change", [{"sender": "x"}, {"seq": 9}, {"t_ms": 9}, {"body": run_of.alert("other")}])
def test_whatever_else_changes_is_seen(change):
    message = run_of.heard(run_of.alert("v-0"))[0]
    changed = msgspec.structs.replace(message, **change)
    before, after = both((1, [message])), both((1, [changed]))
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_tick_and_order_are_covered():
    batch = run_of.heard(run_of.alert("a"), run_of.alert("b"))
    assert len({both((1, batch))[0], both((2, batch))[0], both((1, batch[::-1]))[0]}) == 3


@pytest.mark.parametrize(
    "body",
    [
        truth.AttackEnded(attack_id="x"),
        tamper.StopTamper(tamper_id="t"),
        truth.WorldClosed(residual_kg=0.0, residual_wh=0.0, kg={}, wh={}),
    ],
)
def test_the_world_digest_leaves_out_labels_and_injections(body):
    batch = run_of.heard(run_of.alert("v-0"), body)
    with_label, without = both((1, batch)), both((1, batch[:1]))
    assert with_label[0] != without[0]
    assert with_label[1] == without[1]
