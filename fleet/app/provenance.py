"""What `run.json` says of a run before it begins: what it was made from, and who was outside.

The second part is what a replay needs: whose messages are to be fed back, because nobody in the process says them,
and whose orders the vehicles trusted.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

import fleet
from fleet.app.build import Guests, Parts
from fleet.app.load import LoadedScenario
from fleet.base.errors import Fault, InputError, MessageError
from fleet.messages.run_id import RunId

DEPENDENCIES = (
    "cryptography", "duckdb", "msgspec", "numba", "numpy", "ortools", "pydantic", "pyproj", "pyzmq", "ruamel.yaml",
    "scipy", "shapely", "simpy",
)  # fmt: skip
"""Whose versions a record names: those that could change what a run says."""

KEY_BYTES = 32
_OUTSIDE = "outside"


@dataclass(frozen=True)
class Outsiders:
    """Who was outside in a run that had a gate.

    `run` is what people signed for, `senders` are those known by name before the run, `order_keys` the public key
    of each whose orders or intents counted, `away` the teams of the scenario that took part from other processes.
    """

    run: RunId
    senders: tuple[str, ...] = ()
    order_keys: Mapping[str, bytes] = field(default_factory=dict)
    away: frozenset[str] = frozenset()

    @property
    def guests(self) -> Guests:
        """The same, as the parts of a run want to know it."""
        return Guests(self.run, self.order_keys)

    def as_info(self) -> dict[str, Any]:
        """What goes into `run.json`."""
        keys = {sender: key.hex() for sender, key in sorted(self.order_keys.items())}
        about = {"senders": sorted(self.senders), "order_keys": keys, "away": sorted(self.away)}
        return {_OUTSIDE: {"run_id": self.run.digits, **about}}


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    run_id: str
    senders: tuple[str, ...]
    order_keys: dict[str, str]
    away: frozenset[str]


def outsiders_of(info: Mapping[str, Any], path: Path) -> Outsiders | None:
    """Who was outside, from the `run.json` at `path`; None for a run without a gate. Raises `InputError`."""
    if _OUTSIDE not in info:
        return None
    try:
        written = msgspec.convert(info[_OUTSIDE], _Written)
        run = RunId(written.run_id)
        keys = {sender: _key(text) for sender, text in written.order_keys.items()}
    except (msgspec.ValidationError, MessageError, ValueError) as error:
        raise InputError([Fault(str(path), 1, 1, _OUTSIDE, "who was outside in the run", str(error))]) from None
    return Outsiders(run, written.senders, keys, written.away)


def _key(text: str) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key of {len(key)} bytes, expected {KEY_BYTES}")
    return key


def run_info(loaded: LoadedScenario, parts: Parts) -> dict[str, Any]:
    """What `run.json` says of scenario, program and machine."""
    scenario, city = loaded.scenario, parts.setting.city
    return {
        "name": scenario.name,
        "seed": scenario.seed,
        "version": fleet.__version__,
        "city": city.name,
        "attribution": city.attribution,
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "dependencies": dependencies(),
    }


def dependencies() -> dict[str, str]:
    """The version of every dependency that counts, as installed here."""
    versions: dict[str, str] = {}
    for name in DEPENDENCIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions


def differences(info: Mapping[str, Any]) -> list[str]:
    """Where what made the run of that `run.json` differs from what is here: "ortools 9.12, here 9.13"."""
    here = {"fleet": fleet.__version__, "python": platform.python_version(), **dependencies()}
    recorded = info.get("dependencies")
    then = dict(recorded) if isinstance(recorded, Mapping) else {}
    then.update({"fleet": info.get("version", ""), "python": info.get("python", "")})
    return [
        f"{name} {then[name]}, here {here[name]}"
        for name in sorted(here)
        if then.get(name, here[name]) != here[name]
    ]
