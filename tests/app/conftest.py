"""Keys for live runs."""

from __future__ import annotations

import pytest

from fleet.bus.keyring import Keyring


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A keyring, and where the identity files of its people lie."""
    home = tmp_path_factory.mktemp("keys")
    ring = Keyring.make(home / "ring")
    for name, role in (("kim", "operator"), ("eve", "red"), ("bo", "blue"), ("vi", "viewer")):
        ring.new(name, role, home / f"{name}.key")
    return home
