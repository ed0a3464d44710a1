"""Writes what can be generated of `docs/wire.md`: the tables of all messages, and the examples in hex.

    python tools/wire_page.py            # write the page anew
    python tools/wire_page.py --check    # exit 1 if the page is not up to date

Everything between `<!-- made: NAME -->` and `<!-- /made -->` is made here; the prose around it is not touched.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec

from fleet.bus.wire import published
from fleet.messages.codec import encode, signed_bytes
from fleet.messages.control import SetSpeed
from fleet.messages.envelope import AnyBody, Envelope
from fleet.messages.frames import TelemetryFrame, pack
from fleet.messages.notices import Beat, JoinSeat, Receipt
from fleet.messages.orders import FlyRoute, StopOrder
from fleet.messages.plane import Body, Plane
from fleet.messages.reports import STATES
from fleet.messages.roles import DOORS, MAY_SAY, OPEN_TO, ROLES
from fleet.messages.run_id import RunId
from fleet.messages.seal import KeyPair, SecretKey
from fleet.messages.tamper import StartTamper
from tools.made_pages import DOCS, filled, write

PAGE = DOCS / "wire.md"
PLAIN = {str: "str", int: "int", float: "float", bool: "bool", bytes: "bin", types.NoneType: "nil"}
RUN = RunId("0123456789abcdef" * 2)
KINDS: tuple[type[Body], ...] = get_args(AnyBody)


# ---- messages


def type_text(annotation: Any) -> str:
    """An annotation in the page's own words."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "one of " + " ".join(f'`"{word}"`' for word in arguments)
    if origin is tuple:
        return f"array of {type_text(arguments[0])}"
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return f"map of {type_text(arguments[0])} to {type_text(arguments[1])}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(type_text(part) for part in arguments)
    return f"[{annotation.__name__}](#{annotation.__name__.lower()})"


def remarks(kind: type) -> dict[str, str]:
    """What the source says below each field."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    found, field = {}, ""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            field = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and field:
            found[field] = " ".join(str(node.value.value).split())
    return found


def said_of(kind: type) -> str:
    """A type's docstring, in one paragraph, with names as code."""
    text = " ".join((inspect.getdoc(kind) or "").split())
    return re.sub(r"`+reports\.STATES`+", "the list of states above", text)


def default_text(value: object) -> str:
    """A default in the page's own words. False equals 0, so it is told apart by its type."""
    if isinstance(value, bool):
        return str(value).lower()
    return "empty" if value == b"" else str(value)


def table(kind: type) -> list[str]:
    """The fields of a type, in the order in which they travel."""
    hints, notes = typing.get_type_hints(kind), remarks(kind)
    fields = msgspec.structs.fields(kind)
    if not fields:
        return ["No fields beside `type`."]
    for field in fields:
        if field.default is not msgspec.NODEFAULT:
            shown = default_text(field.default)
            notes[field.name] = f"{notes.get(field.name, '')} May be left out: it is {shown} then.".strip()
    if not notes:
        return ["| field | type |", "|---|---|", *(f"| `{f.name}` | {type_text(hints[f.name])} |" for f in fields)]
    lines = ["| field | type | remark |", "|---|---|---|"]
    lines += [f"| `{f.name}` | {type_text(hints[f.name])} | {notes.get(f.name, '')} |" for f in fields]
    return lines


def made_messages() -> str:
    """Every message type and its fields, plane by plane."""
    lines = []
    for plane in Plane:
        lines += [f"### Plane {plane.name.lower()}", ""]
        for kind in KINDS:
            if kind.plane is plane:
                lines += [f"#### {kind.__name__}", "", said_of(kind), "", *table(kind), ""]
    lines += ["### Parts of messages", "", "#### StopOrder", "", said_of(StopOrder), ""]
    lines += ["It is a plain map: it has no `type`.", "", *table(StopOrder)]
    return "\n".join(lines)


# ---- lists


def made_doors() -> str:
    """Doors, ports and roles."""
    lines = ["| door | port | listens with | connect with | roles that may open it |", "|---|---|---|---|---|"]
    for number, door in enumerate(DOORS):
        publishes = door in ("telemetry", "truth")
        kinds = ("XPUB", "SUB") if publishes else ("ROUTER", "DEALER")
        roles = ", ".join(role for role in ROLES if role in OPEN_TO[door])
        lines.append(f"| {door} | P + {number} | {kinds[0]} | {kinds[1]} | {roles} |")
    return "\n".join(lines)


def made_roles() -> str:
    """What each role may say."""
    lines = ["| role | what it may say |", "|---|---|"]
    for role in ROLES:
        words = ", ".join(f"`{word}`" for word in sorted(MAY_SAY[role])) or "nothing"
        lines.append(f"| {role} | {words} |")
    return "\n".join(lines)


def made_states() -> str:
    """The states of frames, by index."""
    return "\n".join(["| index | state |", "|---|---|", *(f"| {n} | {name} |" for n, name in enumerate(STATES))])


# ---- examples


def hex_block(data: bytes) -> str:
    """Bytes as a block of hex, some to the line."""
    digits = data.hex()
    return "\n".join(["```hex", *(digits[at : at + 96] for at in range(0, len(digits), 96)), "```"])


def signed_example(body: Body) -> list[str]:
    """How one order is signed."""
    key, sender, seq, expires_ms = KeyPair(bytes([1]) * 32, RUN), "operator/kim", 1_750_000_000_000_000, 66_000
    signature = key.sign(sender, seq, expires_ms, body)
    message = Envelope(sender=sender, seq=seq, t_ms=61_000, body=body, expires_ms=expires_ms, signature=signature)
    canonical = signed_bytes(RUN, sender, seq, expires_ms, body)
    return [
        f"The canonical bytes of this `{type(body).__name__}`:", "", hex_block(canonical), "",
        "Their signature:", "", hex_block(signature), "",
        "The envelope that goes to the command door, with `t_ms` 61000:", "", hex_block(encode(message)),
    ]  # fmt: skip


def made_examples() -> str:
    """Worked examples, all in hex."""
    secret = bytes([1]) * 32
    route = FlyRoute(
        order_id="kim-1", vehicle="light-03", append=False,
        stops=(StopOrder(kind="pickup", target="kim-1-place-1", x_m=90.0, y_m=-120.5),),
    )  # fmt: skip
    column = pack([1.5, -2.0])
    frame = TelemetryFrame(
        tick=61, x_m=column, y_m=column, height_m=column, speed_mps=column, battery_wh=column, load_kg=column,
        state=pack([2, 0], "<u1"),
    )  # fmt: skip
    tamper = StartTamper(
        tamper_id="mallory-1", primitive="navigation.gnss-tow", target="light-03",
        parameters={"rate_mps": 1.0, "bearing_deg": 90.0},
    )  # fmt: skip
    join = JoinSeat(seat="blue", version="0.1.0", role="blue")
    parts = published("Beat", 258, said("gate", Beat(tick=61, now_ms=61_000, speed=10.0, paused=False)))
    receipt = said("gate", Receipt(seq=1_750_000_000_000_000, tick=62, cause=""), 62_000)
    lines = [
        "**Keys.** The Ed25519 secret key is 32 bytes of `01`:", "", hex_block(secret), "",
        "Its public key:", "", hex_block(SecretKey(secret).public), "",
        f"The `run_id` of the snapshot is `{RUN.digits}`.", "",
        "**An order with a float.** `SetSpeed` with `factor` 10, sender `operator/kim`, `seq` 1750000000000000,"
        " `expires_ms` 66000.", "", *signed_example(SetSpeed(factor=10.0)), "",
        "**An order with a list of maps.** `FlyRoute` with one stop; sender, `seq`, `expires_ms` as above.", "",
        *signed_example(route), "",
        "**A receipt**, as it comes back: `seq` 1750000000000000, `tick` 62, `cause` empty.", "",
        hex_block(receipt), "",
        "**A published message**: the three parts of a `Beat`, number 258.", "",
        *(line for part in parts for line in (hex_block(part), "")),
        "**A telemetry frame** of two vehicles: each of the six columns holds 1.5 and -2, the states are cruising"
        " and idle.", "", hex_block(said("world/frames", frame)), "",
        "**A request for tampering**, sender `red/mallory`, `seq` 1750000000000000.", "",
        hex_block(said("red/mallory", tamper, seq=1_750_000_000_000_000)), "",
        "**Asking for a seat.**", "", hex_block(said("blue/bea", join, 0)),
    ]  # fmt: skip
    return "\n".join(lines)


def said(sender: str, body: Body, t_ms: int = 61_000, seq: int = 0) -> bytes:
    """An unsigned envelope."""
    return encode(Envelope(sender=sender, seq=seq, t_ms=t_ms, body=body))


# ---- the page

MADE: Mapping[str, Callable[[], str]] = {
    "doors": made_doors,
    "roles": made_roles,
    "states": made_states,
    "messages": made_messages,
    "examples": made_examples,
}


def renewed(page: str) -> str:
    """The page with everything made that is made."""
    return filled(page, {name: made() for name, made in MADE.items()})


if __name__ == "__main__":
    sys.exit(write(PAGE, renewed))
