"""The keyring: what it writes, what it refuses, and that it keeps up with its directory."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from fleet.base.errors import InputError, UsageError
from fleet.bus.keyring import Identity, Keyring
from fleet.messages.orders import RevokeKey
from fleet.messages.roles import MAY_SAY, ROLES
from fleet.messages.seal import Verifier
from tests.bus.visitor import keyring_with
from tests.messages.runs import RUN


@pytest.fixture
def ring(tmp_path):
    return Keyring.make(tmp_path / "keys")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_their_owners_only(ring, tmp_path):
    ring.new("kim", "operator", tmp_path / "kim.key")
    assert mode(tmp_path / "keys") == 0o700
    assert {mode(path) for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert mode(tmp_path / "kim.key") == 0o600
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["kim.json", "server.key"]


def test_the_keyring_keeps_no_secret_of_a_person(ring, tmp_path):
    ring.new("kim", "operator", tmp_path / "kim.key")
    mine = json.loads((tmp_path / "kim.key").read_text())
    kept = "".join(path.read_text() for path in (tmp_path / "keys").iterdir())
    for half in ("curve_secret", "order_secret"):
        assert mine[half] not in kept
    for half in ("curve_public", "server_public"):
        assert mine[half] in kept


@pytest.mark.parametrize("role", ROLES)
def test_an_identity_comes_back_from_its_file(ring, tmp_path, role):
    made = ring.new("kim", role, tmp_path / "kim.key")
    found = Identity.load(tmp_path / "kim.key")
    for field in ("name", "role", "curve_public", "curve_secret", "server_public"):
        assert getattr(found, field) == getattr(made, field)
    assert found.server_public == ring.server_public
    holder = Keyring.open(tmp_path / "keys").holder("kim")
    assert holder is not None
    assert holder.order_public == found.key.public
    assert (holder.role, holder.revoked, holder.sender) == (role, False, f"{role}/kim")


def test_only_who_may_give_orders_is_trusted_with_them(tmp_path):
    ring, people = keyring_with(
        tmp_path, kim="operator", bo="blue", mal="red", vi="viewer", rec="recorder", ex="blue"
    )
    ring.revoke("ex")
    assert ring.trusted() == {
        "operator/kim": (people["kim"].key.public, MAY_SAY["operator"]),
        "blue/bo": (people["bo"].key.public, MAY_SAY["blue"]),
    }
    trusted = ring.trusted()
    verifier = Verifier(
        {s: key for s, (key, _) in trusted.items()}, {s: verbs for s, (_, verbs) in trusted.items()}, RUN
    )
    assert verifier is not None
    body = RevokeKey(alert_id="a", holder="h")
    assert len(people["bo"].key.for_run(RUN).sign("blue/bo", 1, 2, body)) == 64


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ü", "x" * 65, "a\n"])
def test_what_cannot_be_a_name(ring, tmp_path, name):
    with pytest.raises(UsageError, match="is not a name"):
        ring.new(name, "operator", tmp_path / "x.key")


@pytest.mark.parametrize("name", [".", "..", "server.key", "server", "-", "x" * 64, "kim.json"])
def test_odd_names_that_are_names(ring, tmp_path, name):
    ring.new(name, "viewer", tmp_path / "x.key")
    assert [holder.name for holder in Keyring.open(ring.directory).list()] == [name]


def test_a_wrong_role_leaves_nothing_behind(ring, tmp_path):
    with pytest.raises(UsageError, match=r"no role `operater`: expected one of .*did you mean `operator`\?"):
        ring.new("kim", "operater", tmp_path / "kim.key")
    assert ring.list() == ()
    assert not (tmp_path / "kim.key").exists()


def test_names_are_used_once(ring, tmp_path):
    other = Keyring.open(ring.directory)
    ring.new("kim", "operator", tmp_path / "kim.key")
    with pytest.raises(UsageError, match=r"`kim` is taken \(in use\)"):
        ring.new("kim", "viewer", tmp_path / "again.key")
    with pytest.raises(UsageError, match="the name is taken"):
        other.new("kim", "viewer", tmp_path / "again.key")
    ring.revoke("kim")
    with pytest.raises(UsageError, match=r"`kim` is taken \(revoked\)"):
        ring.new("kim", "operator", tmp_path / "again.key")
    assert not (tmp_path / "again.key").exists()


def test_key_files_are_never_overwritten(ring, tmp_path):
    path = tmp_path / "kim.key"
    path.write_text("precious")
    with pytest.raises(UsageError, match="exists; key files are never overwritten"):
        ring.new("kim", "operator", path)
    assert path.read_text() == "precious"
    assert ring.list() == ()


def test_a_place_that_is_not_there(ring, tmp_path):
    with pytest.raises(UsageError, match=r"cannot write `.*nowhere/kim.key`: No such file"):
        ring.new("kim", "operator", tmp_path / "nowhere" / "kim.key")
    assert ring.list() == ()


def test_a_directory_without_keys(tmp_path):
    with pytest.raises(UsageError, match="holds no keys; make some: fleet keys new"):
        Keyring.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot keep keys|not a directory"):
        Keyring.make(tmp_path / "file")


def test_revoking_somebody_unknown_names_those_who_are_there(tmp_path):
    ring, _ = keyring_with(tmp_path, kim="operator")
    with pytest.raises(UsageError, match=r"no name `kin` in .*; there are: kim"):
        ring.revoke("kin")


# ---- broken files


def broken(path, **changes):
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, **changes}))


def test_every_broken_file_is_named_at_once(tmp_path):
    ring, _ = keyring_with(tmp_path, a="operator", b="viewer", c="red", d="blue")
    broken(ring.directory / "a.json", role="king")
    broken(ring.directory / "b.json", order_public="zz")
    (ring.directory / "c.json").write_text("{")
    broken(ring.directory / "d.json", name="e")
    with pytest.raises(InputError) as caught:
        Keyring.open(ring.directory)
    faults = caught.value.faults
    assert [fault.file.rpartition("/")[2] for fault in faults] == ["a.json", "b.json", "c.json", "d.json"]
    assert [fault.path for fault in faults] == ["role", "order_public", "", "name"]
    assert [holder.name for holder in Keyring.open(ring.directory, pass_over_broken=True).list()] == []


def test_two_names_cannot_have_one_key(tmp_path):
    ring, people = keyring_with(tmp_path, a="operator", b="viewer")
    broken(ring.directory / "b.json", curve_public=people["a"].curve_public.decode())
    with pytest.raises(InputError, match="a key of its own"):
        Keyring.open(ring.directory)


@pytest.mark.parametrize(
    "changes, place",
    [
        ({"role": "king"}, "role"),
        ({"curve_public": "short"}, "curve_public"),
        ({"curve_secret": "#" * 39}, "curve_secret"),
        ({"server_public": "ü" * 40}, "server_public"),
        ({"order_secret": "00"}, "order_secret"),
        ({"name": 5}, "name"),
        ({"more": 5}, ""),
    ],
)
def test_a_broken_identity_names_its_file_and_field(tmp_path, changes, place):
    keyring_with(tmp_path, kim="operator")
    path = tmp_path / "kim.key"
    broken(path, **changes)
    with pytest.raises(InputError) as caught:
        Identity.load(path)
    assert (caught.value.faults[0].file, caught.value.faults[0].path) == (str(path), place)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[]", b"{" * 5_000, b" " * 20_000])
def test_an_identity_that_is_no_key_file(tmp_path, text):
    path = tmp_path / "kim.key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(InputError):
        Identity.load(path)


def test_an_identity_that_others_can_read(tmp_path):
    keyring_with(tmp_path, kim="operator")
    (tmp_path / "kim.key").chmod(0o644)
    with pytest.raises(InputError, match="only its owner can read, found 0644; chmod 600"):
        Identity.load(tmp_path / "kim.key")


# ---- keeping up


def test_a_change_by_somebody_else_is_seen(tmp_path):
    ring, _ = keyring_with(tmp_path, kim="operator", lee="viewer")
    held = Keyring.open(ring.directory)
    assert held.reload_if_changed() == frozenset()
    added = ring.new("zoe", "red", tmp_path / "zoe.key")
    assert held.reload_if_changed() == frozenset()
    assert not held.is_revoked("zoe")
    assert held.holder("zoe") is not None
    ring.revoke("kim")
    assert held.reload_if_changed() == {"kim"}
    assert held.reload_if_changed() == frozenset()
    assert (held.is_revoked("kim"), held.is_revoked("lee"), held.is_revoked("nobody")) == (True, False, True)
    assert added.role == "red"


@pytest.mark.parametrize("harm", ["gone", "broken", "other key"])
def test_a_file_that_is_not_right_takes_the_rights_with_it(tmp_path, harm):
    ring, people = keyring_with(tmp_path, kim="operator", lee="operator")
    held = Keyring.open(ring.directory)
    path = ring.directory / "kim.json"
    before = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "broken":
        path.write_text("{")
    else:
        broken(path, order_public=people["lee"].key.public.hex())
    assert held.reload_if_changed() == {"kim"}
    path.write_bytes(before)
    held.reload_if_changed()
    assert held.is_revoked("kim"), "once thrown out, always thrown out"
    assert not held.is_revoked("lee")


@pytest.mark.parametrize("where", ["scandir", "stat", "open"])
def test_what_cannot_be_read_just_now_revokes_nobody(tmp_path, monkeypatch, where):
    ring, _ = keyring_with(tmp_path, kim="operator", lee="viewer")
    held = Keyring.open(ring.directory)
    ring.new("zoe", "red", tmp_path / "zoe.key")

    def fails(*args, **options):
        raise OSError(errno.EMFILE, "no descriptor left")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "scandir") if where == "scandir" else (Path, where)), fails)
        assert held.reload_if_changed() == frozenset()
        assert not held.is_revoked("kim")
    (ring.directory / "lee.json").unlink()
    assert held.reload_if_changed() == {"lee"}
    assert (held.is_revoked("kim"), held.is_revoked("zoe")) == (False, False)


def test_one_file_that_cannot_be_read_keeps_no_other_from_being_revoked(tmp_path, monkeypatch):
    ring, _ = keyring_with(tmp_path, kim="operator", lee="viewer")
    held = Keyring.open(ring.directory)
    ring.revoke("lee")
    stat_of = Path.stat

    def stat_but_kim(path, **options):
        if path.name == "kim.json":
            raise OSError(errno.EIO, "a disk that fails")
        return stat_of(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", stat_but_kim)
        assert held.reload_if_changed() == {"lee"}
    (ring.directory / "kim.json").unlink()
    assert held.reload_if_changed() == {"kim"}
