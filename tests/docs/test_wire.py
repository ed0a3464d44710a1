"""`docs/wire.md` is complete and true: what is made is up to date, and an encoder written from it alone agrees."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.messages.codec import decode
from fleet.messages.envelope import WIRE_VERSION
from fleet.messages.notices import Cause
from fleet.messages.roles import DOORS
from tests.messages.bodies import KINDS, NAMES, fields

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
HEX = [bytes.fromhex(block.replace("\n", "")) for block in re.findall(r"```hex\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_every_message_and_field_is_on_the_page_in_order(kind):
    section = PAGE.split(f"#### {kind.__name__}\n")[1].split("\n#### ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(fields(kind))


def test_every_link_leads_somewhere():
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert links - anchors == set()
    assert len(links) > 40


def test_every_cause_and_door_is_explained():
    for cause in Cause.__args__:
        assert cause == "" or f"| `{cause}` |" in PAGE
    for door in DOORS:
        assert re.search(rf"^\| {door} \| P \+ \d \|", PAGE, re.MULTILINE)
    assert f"This is wire version {WIRE_VERSION}." in PAGE


# ---- a client's encoder, written from the page's rules alone


def head(short, long, count):
    """The shortest head: (base, limit) of the fix form, then (code, width) of the others."""
    base, limit = short
    if count < limit:
        return bytes([base | count])
    for code, width in long:
        if count < 256**width:
            return bytes([code]) + count.to_bytes(width, "big")
    raise ValueError(count)


def canonical(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, int):
        if value >= 0:
            return head((0, 128), ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)), value)
        if value >= -32:
            return struct.pack(">b", value)
        code, form = next(
            (c, f)
            for c, f, n in ((0xD0, "b", 7), (0xD1, "h", 15), (0xD2, "i", 31), (0xD3, "q", 63))
            if value >= -(2**n)
        )
        return bytes([code]) + struct.pack(">" + form, value)
    if isinstance(value, str):
        data = value.encode()
        return head((0xA0, 32), ((0xD9, 1), (0xDA, 2), (0xDB, 4)), len(data)) + data
    if isinstance(value, bytes):
        return head((0, 0), ((0xC4, 1), (0xC5, 2), (0xC6, 4)), len(value)) + value
    if isinstance(value, list):
        return head((0x90, 16), ((0xDC, 2), (0xDD, 4)), len(value)) + b"".join(map(canonical, value))
    items = b"".join(canonical(key) + canonical(item) for key, item in value.items())
    return head((0x80, 16), ((0xDE, 2), (0xDF, 4)), len(value)) + items


SPEED = {"type": "SetSpeed", "factor": 10.0}
STOP = {
    "kind": "pickup", "target": "kim-1-place-1", "x_m": 90.0, "y_m": -120.5, "earliest_ms": 0, "latest_ms": 0,
    "service_ms": 0, "mass_kg": 0.0, "unload": False, "charge": False,
}  # fmt: skip
ROUTE = {"type": "FlyRoute", "order_id": "kim-1", "vehicle": "light-03", "append": False, "stops": [STOP]}


@pytest.mark.parametrize("body, at", [(SPEED, 2), (ROUTE, 5)], ids=["SetSpeed", "FlyRoute"])
def test_orders_written_by_the_rules_are_those_of_the_examples(body, at):
    secret, public = HEX[0], HEX[1]
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert key.public_key().public_bytes_raw() == public
    sender, seq, expires_ms = "operator/kim", 1_750_000_000_000_000, 66_000
    run_id = re.search(r"The `run_id` of the snapshot is `(\w+)`", PAGE)[1]
    bytes_to_sign = canonical([1, run_id, sender, seq, expires_ms, body])
    signature = key.sign(bytes_to_sign)
    envelope = {
        "v": 1, "sender": sender, "seq": seq, "t_ms": 61_000, "body": body, "expires_ms": expires_ms,
        "signature": signature,
    }  # fmt: skip
    assert HEX[at : at + 3] == [bytes_to_sign, signature, canonical(envelope)]


def test_the_other_examples_are_read_as_the_page_says():
    receipt, topic, number, beat, frame, tamper, join = HEX[8:]
    found = decode(receipt)
    assert (found.sender, found.body.seq, found.body.tick, found.body.cause) == (
        "gate",
        1_750_000_000_000_000,
        62,
        "",
    )
    assert (topic, int.from_bytes(number, "little"), decode(beat).body.tick) == (b"Beat", 258, 61)
    columns = decode(frame).body
    assert struct.unpack("<2f", columns.x_m) == struct.unpack("<2f", columns.load_kg) == (1.5, -2.0)
    assert columns.state == bytes([2, 0])
    assert decode(tamper).body.parameters == {"rate_mps": 1.0, "bearing_deg": 90.0}
    assert decode(join).body.seat == "blue"
