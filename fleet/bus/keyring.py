"""Who may come in: a directory that holds one small file per name, and the doors' own key.

The directory belongs to whoever serves runs. A person gets one *identity file* with the secrets of one name; the
directory keeps only the public halves. A name is never used twice, so that what is signed in it stays its own.
"""

from __future__ import annotations

import os
import re
import secrets
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import msgspec
import zmq
from zmq.utils import z85

from fleet.base.errors import Fault, InputError, UsageError
from fleet.base.textfile import read_bounded
from fleet.bus import keyfile
from fleet.bus.keyfile import HolderFile, IdentityFile, ServerFile
from fleet.messages.roles import MAY_SAY, OPEN_TO, Role, outside_sender
from fleet.messages.seal import SecretKey

SERVER = "server.key"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")

State = tuple[tuple[str, int, int, int], ...]
"""What a look at the directory tells of each file: its name, inode, time and size."""


@dataclass(frozen=True)
class Identity:
    """The secrets of one name. CURVE keys are in the form that ZeroMQ's options take."""

    name: str
    role: Role
    curve_public: bytes
    curve_secret: bytes
    server_public: bytes
    key: SecretKey
    """Signs orders."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """The identity in a file. Raises `InputError`."""
        found = keyfile.read(path, IdentityFile, secret=True)
        try:
            role = keyfile.role_of(found.role)
        except UsageError as error:
            raise InputError([keyfile.fault(path, "role", "a role", found.role, str(error))]) from None
        return cls(
            name=found.name,
            role=role,
            curve_public=keyfile.curve_bytes(path, "curve_public", found.curve_public),
            curve_secret=keyfile.curve_bytes(path, "curve_secret", found.curve_secret),
            server_public=keyfile.curve_bytes(path, "server_public", found.server_public),
            key=SecretKey(keyfile.order_bytes(path, "order_secret", found.order_secret)),
        )


@dataclass(frozen=True)
class Holder:
    """A name in the keyring: its role, its two public keys, and whether it was revoked."""

    name: str
    role: Role
    curve_public: bytes
    """As ZeroMQ's lock sees it: 32 bytes."""
    order_public: bytes
    revoked: bool

    @property
    def sender(self) -> str:
        """The name under which it speaks in a run."""
        return outside_sender(self.role, self.name)


class Keyring:
    """The names in a directory. One thread at a time may change it or reload it; any thread may look things up."""

    def __init__(self, directory: Path, server: ServerFile) -> None:
        self.directory = directory
        path = directory / SERVER
        self.server_public = keyfile.curve_bytes(path, "curve_public", server.curve_public)
        self.server_secret = keyfile.curve_bytes(path, "curve_secret", server.curve_secret)
        self._state: State = ()
        self._guests: dict[str, Holder] = {}
        self._by_name: dict[str, Holder] = {}
        self._by_key: dict[bytes, Holder] = {}

    @classmethod
    def open(cls, directory: Path, *, pass_over_broken: bool = False) -> Self:
        """The keyring in `directory`. Raises `UsageError` if there is none, `InputError` with all its faults.

        With `pass_over_broken`, names whose files are broken are left out instead.
        """
        path = directory / SERVER
        if not path.exists():
            raise UsageError(f"`{directory}` holds no keys; make some: fleet keys new NAME --role ROLE --keys DIR")
        keyring = cls(directory, keyfile.read(path, ServerFile, secret=True))
        try:
            state, _ = keyring._look()
        except OSError as error:
            raise UsageError(f"cannot read `{directory}`: {error.strerror or error}") from None
        holders, faults = _read_all(directory, state, lambda path: read_bounded(path, keyfile.MAX_BYTES))
        if faults and not pass_over_broken:
            raise InputError(faults)
        keyring._hold(holders, state)
        return keyring

    @classmethod
    def make(cls, directory: Path) -> Self:
        """The keyring in `directory`, made if there is none. Raises `UsageError` if it cannot be written."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (directory / SERVER).exists():
                public, secret = zmq.curve_keypair()
                made = ServerFile(curve_public=public.decode(), curve_secret=secret.decode())
                keyfile.write_new(directory / SERVER, made)
        except FileExistsError as error:
            if not directory.is_dir():
                raise UsageError(f"`{directory}` is not a directory: {error.strerror or error}") from None
        except OSError as error:
            raise UsageError(f"cannot keep keys in `{directory}`: {error.strerror or error}") from None
        return cls.open(directory)

    # ---- changing it

    def new(self, name: str, role: str, path: Path) -> Identity:
        """Make a name and write its identity file to `path`. Raises `UsageError`; nothing is left behind then."""
        require_name(name)
        chosen = keyfile.role_of(role)
        if name in self._by_name:
            state = "revoked" if self._by_name[name].revoked else "in use"
            raise UsageError(f"the name `{name}` is taken ({state}); names are never used twice: take another")
        public, secret = (half.decode("ascii") for half in zmq.curve_keypair())
        order = secrets.token_bytes(32)
        identity = IdentityFile(
            name=name,
            role=chosen,
            curve_public=public,
            curve_secret=secret,
            order_secret=order.hex(),
            server_public=self.server_public.decode("ascii"),
        )
        order_public = SecretKey(order).public.hex()
        holder = HolderFile(name=name, role=chosen, curve_public=public, order_public=order_public)
        self._write_both(path, identity, holder)
        self.reload_if_changed()
        return Identity.load(path)

    def _write_both(self, path: Path, identity: IdentityFile, holder: HolderFile) -> None:
        try:
            keyfile.write_new(path, identity)
        except FileExistsError:
            raise UsageError(f"`{path}` exists; key files are never overwritten: choose another with -o") from None
        except OSError as error:
            raise UsageError(f"cannot write `{path}`: {error.strerror or error}") from None
        try:
            keyfile.write_new(self._file(holder.name), holder)
        except OSError as error:
            path.unlink(missing_ok=True)
            taken = isinstance(error, FileExistsError)
            why = "the name is taken" if taken else error.strerror or str(error)
            raise UsageError(f"cannot add `{holder.name}` to `{self.directory}`: {why}") from None

    def guest(self, name: str, role: Role) -> IdentityFile:
        """A name that is in no file and goes with this object: for a part of the program that comes by the doors.

        Where `name` is taken, a number is added. To be called before the doors are opened.
        """
        number, free = 1, name
        while free in self._by_name:
            number, free = number + 1, f"{name}-{number + 1}"
        public, secret = (half.decode("ascii") for half in zmq.curve_keypair())
        order = secrets.token_bytes(32)
        self._guests[free] = Holder(free, role, z85.decode(public), SecretKey(order).public, revoked=False)
        self._hold(tuple(self._by_name.values()), self._state)
        return IdentityFile(
            name=free,
            role=role,
            curve_public=public,
            curve_secret=secret,
            order_secret=order.hex(),
            server_public=self.server_public.decode("ascii"),
        )

    def revoke(self, name: str) -> Holder:
        """Take the rights of a name away for ever; a run being served cuts it off within a second.

        Raises `UsageError` for a name that is not there, or a directory that cannot be written.
        """
        holder = self._by_name.get(name)
        if holder is None:
            known = ", ".join(sorted(self._by_name)) or "none"
            raise UsageError(f"no name `{name}` in `{self.directory}`; there are: {known}")
        path = self._file(name)
        try:
            found = keyfile.read(path, HolderFile, secret=False)
            keyfile.replace(path, msgspec.structs.replace(found, revoked=True))
        except OSError as error:
            raise UsageError(f"cannot write `{path}`: {error.strerror or error}") from None
        self.reload_if_changed()
        return self._by_name[name]

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.json"

    # ---- looking things up

    def list(self) -> tuple[Holder, ...]:
        """Every name, revoked ones too, sorted."""
        return tuple(self._by_name[name] for name in sorted(self._by_name))

    def holder(self, name: str) -> Holder | None:
        """The holder of a name."""
        return self._by_name.get(name)

    def holder_of(self, curve_public: bytes) -> Holder | None:
        """Whose CURVE key (32 bytes) it is."""
        return self._by_key.get(curve_public)

    def is_revoked(self, name: str) -> bool:
        """Whether a name has no rights: it was revoked, or is not there."""
        holder = self._by_name.get(name)
        return holder is None or holder.revoked

    def trusted(self) -> dict[str, tuple[bytes, frozenset[str]]]:
        """Whose orders a run that begins now is to take: sender to the key it signs with and what it may say."""
        return {
            holder.sender: (holder.order_public, MAY_SAY[holder.role])
            for holder in self.list()
            if holder.role in OPEN_TO["command"] and not holder.revoked
        }

    # ---- keeping up with the directory

    def reload_if_changed(self) -> frozenset[str]:
        """Look at the directory again; the names that lost their rights since the last look.

        A file that is gone, broken or about another key takes the rights of its name with it, for as long as this
        keyring is open: what is not provably right is refused. What cannot be read just now (no descriptor left,
        a disk that hiccups) says nothing about anybody: names stay as they are, and the next look tries again.
        """
        try:
            state, unread = self._look()
        except OSError:
            return frozenset()
        if state == self._state:
            return frozenset()
        before = {name for name, holder in self._by_name.items() if not holder.revoked}

        def read(path: Path) -> bytes:
            try:
                return _bytes_of(path)
            except (FileNotFoundError, IsADirectoryError):
                return b""
            except OSError:
                unread.add(path.name)
                return b""

        found = {holder.name: holder for holder in _read_all(self.directory, state, read)[0]} | self._guests
        # What was not read is set down as seen in no state, so that the next look differs whatever it finds.
        state = tuple(e for e in state if e[0] not in unread) + tuple(
            (file, -1, -1, -1) for file in sorted(unread)
        )
        for name, holder in self._by_name.items():
            if f"{name}.json" in unread:
                found[name] = holder
            elif found.get(name) != holder:
                found[name] = replace(holder, revoked=True)
        self._hold(tuple(found.values()), state)
        return frozenset(name for name in before if self._by_name[name].revoked)

    def _look(self) -> tuple[State, set[str]]:
        """The files that are there, and the names of those that could not be looked at. Raises `OSError`."""
        with os.scandir(self.directory) as entries:
            files = {entry.name for entry in entries if entry.name.endswith(".json")}
        found, unread = [], set()
        # A listing made while files are replaced may leave one out: those known are asked for by name.
        for file in files | {file for file, _, _, _ in self._state}:
            try:
                about = (self.directory / file).stat()
            except FileNotFoundError:
                continue
            except OSError:
                unread.add(file)
            else:
                found.append((file, about.st_ino, about.st_mtime_ns, about.st_size))
        return tuple(sorted(found)), unread

    def _hold(self, holders: Sequence[Holder], state: State) -> None:
        # Whole tables are put in place, so that another thread sees the one or the other.
        holders = [h for h in holders if h.name not in self._guests] + list(self._guests.values())
        self._by_key = {holder.curve_public: holder for holder in holders}
        self._by_name = {holder.name: holder for holder in holders}
        self._state = state


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(keyfile.MAX_BYTES)


def _read_all(directory: Path, state: State, read: Callable[[Path], bytes]) -> tuple[list[Holder], list[Fault]]:
    holders: list[Holder] = []
    faults: list[Fault] = []
    for file, _, _, _ in state:
        path = directory / file
        try:
            holders.append(_read_holder(path, read(path)))
        except InputError as error:
            faults += error.faults
    keys = [holder.curve_public for holder in holders]
    for holder in holders:
        if keys.count(holder.curve_public) > 1:
            path = directory / f"{holder.name}.json"
            faults.append(keyfile.fault(path, "curve_public", "a key of its own", "another name's key"))
    return holders, faults


def _read_holder(path: Path, data: bytes) -> Holder:
    found = keyfile.parse(path, data, HolderFile)
    if f"{found.name}.json" != path.name:
        raise InputError([keyfile.fault(path, "name", f"`{path.name.removesuffix('.json')}`", f"`{found.name}`")])
    try:
        role = keyfile.role_of(found.role)
    except UsageError as error:
        raise InputError([keyfile.fault(path, "role", "a role", f"`{found.role}`", str(error))]) from None
    text = keyfile.curve_bytes(path, "curve_public", found.curve_public)
    try:
        curve_public = z85.decode(text)
    except (KeyError, ValueError, struct.error):
        raise InputError([keyfile.fault(path, "curve_public", "a CURVE key", found.curve_public)]) from None
    order_public = keyfile.order_bytes(path, "order_public", found.order_public)
    return Holder(found.name, role, curve_public, order_public, found.revoked)


def require_name(name: str) -> None:
    """Raises `UsageError` for what cannot be a name."""
    if not _NAME.match(name):
        raise UsageError(f"`{name}` is not a name: expected 1 to 64 letters, digits, or any of _ . -")
