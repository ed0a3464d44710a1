"""`fleet keys`: new, list, revoke."""

from __future__ import annotations

import json

import pytest

from fleet.bus.keyring import Identity
from tests.app.command import fleet


@pytest.fixture
def keys(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEET_KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "keys"


def test_a_key_from_new_to_revoked(keys, tmp_path):
    made = fleet("keys", "new", "kim", "--role", "operator")
    assert (made.exit_code, made.stdout) == (0, "kim.key\n")
    assert Identity.load(tmp_path / "kim.key").role == "operator"
    assert fleet("keys", "new", "vi", "--role", "viewer", "-o", tmp_path / "other").exit_code == 0
    assert fleet("keys", "list").stdout == "kim  operator\nvi   viewer\n"
    gone = fleet("keys", "revoke", "kim")
    assert (gone.exit_code, gone.stdout) == (0, "revoked operator kim\n")
    assert fleet("keys", "list").stdout == "kim  operator  revoked\nvi   viewer\n"


def test_answers_for_programs(keys, tmp_path):
    made = json.loads(fleet("keys", "new", "kim", "--role", "blue", "--json").stdout)
    assert made == {"name": "kim", "role": "blue", "file": "kim.key", "keys": str(keys)}
    listed = json.loads(fleet("keys", "list", "--json").stdout)
    assert [(h["name"], h["role"], h["revoked"]) for h in listed["holders"]] == [("kim", "blue", False)]
    assert "secret" not in json.dumps(listed)
    assert json.loads(fleet("keys", "revoke", "kim", "--json").stdout) == {
        "name": "kim", "role": "blue", "revoked": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "words, said",
    [
        (("new", "kim"), "--role"),
        (("new", "kim", "--role", "oprator"), "did you mean `operator`?"),
        (("new", "k/m", "--role", "operator"), "is not a name"),
        (("revoke", "kim"), "holds no keys"),
        (("list",), "holds no keys; make some: fleet keys new"),
    ],
)
def test_mistakes(keys, words, said):
    result = fleet("keys", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not keys.exists()


def test_a_taken_name_and_a_taken_file(keys, tmp_path):
    fleet("keys", "new", "kim", "--role", "operator")
    again = fleet("keys", "new", "kim", "--role", "operator", "-o", "b.key")
    assert (again.exit_code, (tmp_path / "b.key").exists()) == (2, False)
    taken = fleet("keys", "new", "lee", "--role", "operator", "-o", "kim.key")
    assert taken.exit_code == 2
    assert "never overwritten" in taken.stderr
    assert fleet("keys", "list").stdout == "kim  operator\n"


def test_a_broken_file_is_named_and_does_not_stop_a_revocation(keys):
    fleet("keys", "new", "kim", "--role", "operator")
    fleet("keys", "new", "lee", "--role", "operator")
    (keys / "lee.json").write_text("{}")
    listed = fleet("keys", "list")
    assert listed.exit_code == 3
    assert f"{keys / 'lee.json'}:1:1" in listed.stderr
    assert fleet("keys", "revoke", "kim").exit_code == 0
    assert json.loads((keys / "kim.json").read_text())["revoked"] is True


def test_a_place_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    result = fleet("keys", "new", "kim", "--role", "operator", "--keys", tmp_path / "file" / "keys")
    assert result.exit_code == 2
    assert "cannot keep keys in" in result.stderr
    assert not (tmp_path / "kim.key").exists()
