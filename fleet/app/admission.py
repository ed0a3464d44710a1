"""Who may come in to a run: which keys its doors know, whose orders count, and when it may go without locks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fleet.base.errors import UsageError
from fleet.bus.endpoints import endpoints
from fleet.bus.intake import Trusted
from fleet.bus.keyfile import IdentityFile
from fleet.bus.keyring import Keyring
from fleet.messages.roles import MAY_SAY, outside_sender
from fleet.messages.seal import SecretKey

PublicOf = Callable[[str], bytes]

PAGE = "page"
"""The name under which a run's own page gives orders; with a number where somebody has it."""


@dataclass(frozen=True)
class BusOptions:
    """Where a run listens, and to whom. `keys` is the directory of a keyring.

    `insecure` leaves the doors without locks; the keys of a keyring then still count for orders. `wait_s` is how
    long the first tick waits for a reader. A `private` bus is for the run's own page: without keys it has a lock
    that only the page can open.
    """

    endpoint: str
    keys: Path | None = None
    insecure: bool = False
    wait_s: float = 0.0
    private: bool = False


@dataclass(frozen=True)
class Admission:
    """What the doors and the gate of one run are given. `keyring` None is doors without locks."""

    endpoint: str
    keyring: Keyring | None
    trusted: Trusted
    senders: frozenset[str]
    page: IdentityFile | None
    remarks: tuple[str, ...] = ()

    @property
    def order_keys(self) -> Mapping[str, bytes]:
        """The public key of everybody whose orders or intents count."""
        return {sender: key for sender, (key, _) in self.trusted.items()}

    @property
    def public_of(self) -> PublicOf | None:
        """The order key of a name that the lock knows; None where there is no lock."""
        keyring = self.keyring
        if keyring is None:
            return None

        def public_of(name: str) -> bytes:
            holder = keyring.holder(name)
            if holder is None:
                raise UsageError(f"the keyring has no `{name}` any more")
            return holder.order_public

        return public_of


def admission_for(options: BusOptions, *, page: bool, stack: ExitStack) -> Admission:
    """The admission that the user asked for. With `page` the run's own page gets an identity, for this run only.

    `stack` outlives the run. Raises `UsageError` where there is no lock and one is needed, and `InputError` for a
    keyring that is broken.
    """
    wanted = endpoints(options.endpoint)
    if options.insecure and not wanted.loopback:
        raise UsageError(
            f"`{wanted.base}` can be reached from other machines, and --insecure is for this machine only; "
            "use keys (`fleet keys new NAME --role ROLE`)"
        )
    keyring = _keyring(options, stack)
    identity = _page_identity(keyring, insecure=options.insecure) if page else None
    trusted = {} if keyring is None else keyring.trusted()
    senders = frozenset() if keyring is None else frozenset(holder.sender for holder in keyring.list())
    if not options.insecure:
        return Admission(wanted.base, keyring, trusted, senders, identity)
    if identity is not None:
        sender = outside_sender("operator", identity.name)
        public = SecretKey(bytes.fromhex(identity.order_secret)).public
        trusted = {**trusted, sender: (public, MAY_SAY["operator"])}
        senders |= {sender}
    remark = f"INSECURE: anybody on this machine may open any door of {wanted.reachable}"
    if keyring is not None:
        remark += "; the keys count for orders only"
    return Admission(wanted.base, None, trusted, senders, identity, (remark,))


def _keyring(options: BusOptions, stack: ExitStack) -> Keyring | None:
    if options.keys is not None:
        return Keyring.open(options.keys)
    if options.insecure:
        return None
    if not options.private:
        raise UsageError(
            "a bus needs keys: make one (`fleet keys new NAME --role operator`), "
            "or let anybody on this machine in with --insecure"
        )
    return Keyring.make(Path(stack.enter_context(TemporaryDirectory(prefix="fleet-"))))


def _page_identity(keyring: Keyring | None, *, insecure: bool) -> IdentityFile:
    """Who the page is. Where there are no locks it needs a key to sign with, and nothing else."""
    if keyring is not None and not insecure:
        return keyring.guest(PAGE, "operator")
    return IdentityFile(
        name=PAGE,
        role="operator",
        curve_public="",
        curve_secret="",
        order_secret=secrets.token_bytes(32).hex(),
        server_public="",
    )
