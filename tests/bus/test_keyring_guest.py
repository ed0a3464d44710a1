"""A guest of a keyring: known to the lock, in no file, and still there when the directory changes."""

from __future__ import annotations

from fleet.bus.keyring import Keyring
from fleet.messages.seal import SecretKey


def test_a_guest_is_known_and_written_nowhere(tmp_path):
    ring = Keyring.make(tmp_path / "ring")
    before = sorted((tmp_path / "ring").iterdir())
    guest = ring.guest("page", "operator")
    assert sorted((tmp_path / "ring").iterdir()) == before
    holder = ring.holder("page")
    assert holder is not None
    assert (holder.role, holder.revoked, guest.role) == ("operator", False, "operator")
    assert holder.order_public == SecretKey(bytes.fromhex(guest.order_secret)).public
    assert ring.holder_of(holder.curve_public) == holder
    assert "operator/page" in ring.trusted()
    assert Keyring.open(tmp_path / "ring").holder("page") is None


def test_a_guest_stays_when_others_come_and_go(tmp_path):
    ring = Keyring.make(tmp_path / "ring")
    ring.guest("page", "operator")
    ring.new("kim", "operator", tmp_path / "kim.key")
    assert not ring.is_revoked("page")
    Keyring.open(tmp_path / "ring").revoke("kim")
    assert ring.reload_if_changed() == {"kim"}
    assert not ring.is_revoked("page")
    assert [holder.name for holder in ring.list()] == ["kim", "page"]


def test_a_guest_takes_nobody_s_name(tmp_path):
    ring = Keyring.make(tmp_path / "ring")
    mine = ring.new("page", "viewer", tmp_path / "page.key")
    assert [ring.guest("page", "operator").name for _ in range(2)] == ["page-2", "page-3"]
    holder = ring.holder("page")
    assert holder is not None
    assert (holder.role, mine.role) == ("viewer", "viewer")
