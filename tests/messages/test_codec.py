"""Whatever is said can be written and read back; whatever is read is a message or a `MessageError`."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.errors import MessageError
from fleet.messages.codec import decode, encode, encode_json, said_bytes
from fleet.messages.envelope import WIRE_VERSION, Envelope
from fleet.messages.orders import Recall
from fleet.messages.plane import Body, Plane
from fleet.messages.reports import STATES, PickupFailed, VehicleReported, VehicleState
from tests.messages.bodies import KINDS, NAMES, example, messages
from tests.messages.golden_cases import FOLDER, wire_hex

INSTRUCTION = st.tuples(
    st.sampled_from(["flip", "cut", "put", "drop"]), st.integers(0, 10**6), st.binary(max_size=5)
)


@given(messages())
@settings(max_examples=400)
def test_read_back_what_was_written(message):
    again = decode(encode(message))
    assert again == message
    assert type(again.body) is type(message.body)
    assert encode(again) == encode(message)
    assert said_bytes(again) == said_bytes(message)


def decodes_or_says_why(data):
    try:
        message = decode(data)
    except MessageError as error:
        return str(error).startswith(("not a message", "wire version"))
    return isinstance(message, Envelope) and isinstance(message.body, KINDS)


@given(st.binary(max_size=200))
@settings(max_examples=500)
def test_any_bytes_are_a_message_or_an_error(data):
    assert decodes_or_says_why(data)


def mutated(data, instructions):
    spoilt = bytearray(data)
    for what, where, extra in instructions:
        at = where % (len(spoilt) + 1)
        if what == "flip" and at < len(spoilt):
            spoilt[at] ^= 1 << (where // 7 % 8)
        elif what == "cut":
            del spoilt[at:]
        elif what == "put":
            spoilt[at:at] = extra
        elif what == "drop":
            del spoilt[at : at + 1]
    return bytes(spoilt)


@given(st.sampled_from(KINDS), st.lists(INSTRUCTION, min_size=1, max_size=4))
@settings(max_examples=1000)
def test_spoilt_messages_are_a_message_or_an_error(kind, instructions):
    assert decodes_or_says_why(mutated(encode(example(kind)), instructions))


@pytest.mark.parametrize(
    "head", [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x91" * 9999]
)
def test_promised_sizes_are_not_believed(head):
    """Four bytes can announce four thousand million elements; nothing may be set aside for them."""
    whole = encode(example(Recall))
    at = whole.index(b"body") + 4
    for data in (head, whole[:at] + head + whole[at + 1 :]):
        with pytest.raises(MessageError):
            decode(data)


def test_another_version_is_refused_by_name():
    data = msgspec.msgpack.encode(msgspec.structs.replace(example(Recall), v=WIRE_VERSION + 1))
    with pytest.raises(MessageError, match=f"wire version: expected {WIRE_VERSION}, found {WIRE_VERSION + 1}"):
        decode(data)


@pytest.mark.parametrize(
    "change, at",
    [
        ({"seq": "1"}, "seq"),
        ({"extra": 1}, "extra"),
        ({"body": {"type": "Recall"}}, "body"),
        ({"body": {"type": "Nonsense"}}, "Nonsense"),
    ],
)
def test_the_error_names_the_field(change, at):
    plain = msgspec.to_builtins(example(Recall), builtin_types=(bytes,))
    with pytest.raises(MessageError, match=at):
        decode(msgspec.msgpack.encode(plain | change))


def leaves(kind):
    """The classes of `fleet.messages` under `kind` that nothing is derived from, but the planes' own bases."""
    below = [sub for sub in kind.__subclasses__() if sub.__module__.startswith("fleet.")]
    return [leaf for sub in below for leaf in leaves(sub)] if below else [kind]


def test_every_word_is_in_the_wire_form():
    words = set(leaves(Body))
    assert len(words) > 20
    assert words == set(KINDS)
    assert all(isinstance(kind.plane, Plane) for kind in KINDS)


def test_the_states_in_frames_are_those_in_reports():
    assert get_args(VehicleState) == STATES


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_the_wire_form_on_file(kind):
    assert encode(example(kind)).hex() == wire_hex(kind.__name__)
    assert decode(bytes.fromhex(wire_hex(kind.__name__))) == example(kind)


def test_no_wire_form_is_left_over():
    assert sorted(path.stem for path in FOLDER.glob("*.hex")) == sorted(NAMES)


def test_an_integer_where_a_float_belongs_is_read_as_a_float_and_not_written_as_one():
    """Why `say` needs floats: the digest covers bytes, and a road that encodes would change them."""
    careless = msgspec.structs.replace(
        example(VehicleReported), body=_with(example(VehicleReported).body, load_kg=0)
    )
    assert decode(encode(careless)) == careless
    assert said_bytes(decode(encode(careless))) != said_bytes(careless)


def _with(body, **changes):
    return msgspec.structs.replace(body, **changes)


@given(messages())
@settings(max_examples=50)
def test_every_message_is_a_line_of_json(message):
    line = encode_json(message)
    assert b"\n" not in line
    assert msgspec.json.decode(line)["body"]["type"] == type(message.body).__name__


def test_bodies_are_frozen():
    with pytest.raises(AttributeError):
        example(PickupFailed).body.cause = "gone"
