"""Key files on disk: written whole or not at all, readable by their owner only, checked when they are read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from fleet.base.errors import Fault, InputError, UsageError, did_you_mean
from fleet.base.textfile import read_bounded
from fleet.messages.roles import ROLES, Role

MAX_BYTES = 16_384
OWNER_ONLY = 0o600

T = TypeVar("T", bound=msgspec.Struct)


class ServerFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keyring's own CURVE pair, in ZeroMQ's 40-letter form; the doors of every run bear it."""

    fleet_server: int = 1
    curve_public: str
    curve_secret: str


class HolderFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the keyring knows of one name: nothing secret."""

    name: str
    role: str
    curve_public: str
    order_public: str
    """Ed25519, 64 hexadecimal digits."""
    revoked: bool = False


class IdentityFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one person, or program, holds: all of it secret."""

    fleet_identity: int = 1
    name: str
    role: str
    curve_public: str
    curve_secret: str
    order_secret: str
    """Ed25519, 64 hexadecimal digits."""
    server_public: str


def read(path: Path, kind: type[T], *, secret: bool) -> T:
    """The content of a key file. Raises `InputError` with the place of the fault."""
    return parse(path, read_bounded(path, MAX_BYTES), kind, secret=secret)


def parse(path: Path, data: bytes, kind: type[T], *, secret: bool = False) -> T:
    """The content of a key file whose bytes were read already. Raises `InputError`."""
    if secret and stat.S_IMODE(path.stat().st_mode) & 0o077:
        mode = f"{stat.S_IMODE(path.stat().st_mode):04o}"
        raise InputError([fault(path, "", "a file that only its owner can read", mode, f"chmod 600 {path}")])
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        place = where.strip("`").removeprefix("$").removeprefix(".")
        raise InputError([fault(path, place, "a key file made by `fleet keys new`", what)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([fault(path, "", "a key file made by `fleet keys new`", str(error))]) from None


def write_new(path: Path, content: msgspec.Struct) -> None:
    """Write a file that must not be there yet; whole or not at all. Raises `FileExistsError`, `OSError`."""
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()


def replace(path: Path, content: msgspec.Struct) -> None:
    """Put `content` in the place of what is there, at once. Raises `OSError`."""
    _draft(path, content).replace(path)


def _draft(path: Path, content: msgspec.Struct) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def curve_bytes(path: Path, place: str, text: str) -> bytes:
    """A CURVE key as ZeroMQ takes it. Raises `InputError`."""
    if len(text) != 40 or not text.isascii() or not text.isprintable():
        raise InputError([fault(path, place, "40 letters of a CURVE key", f"{len(text)} letters")])
    return text.encode("ascii")


def order_bytes(path: Path, place: str, text: str) -> bytes:
    """The 32 bytes of an Ed25519 key. Raises `InputError`."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InputError([fault(path, place, "64 hexadecimal digits", f"{len(text)} letters")])
    return found


def role_of(text: str) -> Role:
    """A role by its name. Raises `UsageError` that lists them."""
    for role in ROLES:
        if role == text:
            return role
    hint = did_you_mean(text, ROLES)
    tail = f"; {hint}" if hint else ""
    raise UsageError(f"no role `{text}`: expected one of {', '.join(ROLES)}{tail}")


def fault(path: Path, place: str, expected: str, found: str, hint: str = "") -> Fault:
    """A fault of a key file; such files are one line's worth, so none is named."""
    return Fault(str(path), 1, 1, place, expected, found, hint)
