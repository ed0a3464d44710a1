"""Keys, seen by who holds one: the right one opens, any other is told so in one clear line."""

import time

import pytest

import fleet
from fleet.base.errors import InputError, RunError
from fleet.bus.keyring import Keyring

from .played_run import PlayedRun


@pytest.fixture
def ring(tmp_path):
    keyring = Keyring.make(tmp_path / "keys")
    for name, role in (("kim", "operator"), ("mallory", "red"), ("vera", "viewer")):
        keyring.new(name, role, tmp_path / f"{name}.key")
    return keyring


def revoke(ring, name):
    """As `fleet keys revoke` does it, in another process than the run's."""
    Keyring.open(ring.directory).revoke(name)


@pytest.fixture
def run(ring):
    with PlayedRun(keyring=ring) as played:
        yield played


def test_the_right_key_opens_and_signs(run, tmp_path):
    with fleet.connect(run.url, tmp_path / "kim.key") as client:
        assert client.snapshot.name == "played"
        receipt = client.speed(2.0)
        assert receipt.cause == ""
        assert receipt.tick >= 0
    with fleet.connect(run.url, str(tmp_path / "mallory.key")) as client:
        answer = client.inject("navigation.gnss-tow", "light-01", rate_mps=1.0)
        assert answer.cause == ""
        assert answer.effect_tick > 0


def test_no_key_at_a_locked_door(run):
    with pytest.raises(RunError, match="is locked: a key is needed"):
        fleet.connect(run.url, timeout_s=0.5)


def test_a_key_for_other_doors(run, tmp_path):
    other = Keyring.make(tmp_path / "other")
    other.new("kim", "operator", tmp_path / "foreign.key")
    with pytest.raises(RunError, match="refuses this key: was it made for this run's keys"):
        fleet.connect(run.url, tmp_path / "foreign.key", timeout_s=0.5)


def test_a_key_that_is_not_known_or_known_no_more(run, ring, tmp_path):
    revoke(ring, "kim")

    def try_for_a_while():
        deadline = time.monotonic() + 5.0
        while time.monotonic() < deadline:
            fleet.connect(run.url, tmp_path / "kim.key", timeout_s=2.0).close()

    with pytest.raises(RunError, match=r"refuses this key(?!: was it made)"):
        try_for_a_while()


def test_a_key_that_is_revoked_while_it_reads(run, ring, tmp_path):
    with fleet.connect(run.url, tmp_path / "vera.key") as client:
        next(iter(client))
        revoke(ring, "vera")
        with pytest.raises(RunError, match="refuses this key"):
            for _ in client.messages(timeout_s=5.0):
                pass


def test_a_key_where_there_are_no_locks(tmp_path, ring):
    with PlayedRun(trusted=ring.trusted()) as run:
        with pytest.raises(RunError, match="has no locks: connect insecurely"):
            fleet.connect(run.url, tmp_path / "kim.key", timeout_s=20.0)
        with fleet.connect(run.url, tmp_path / "kim.key", insecure=True) as client:
            assert client.pause().cause == "", "it still signs"


def test_a_file_that_is_no_key(tmp_path):
    (tmp_path / "x.key").write_text("{}")
    (tmp_path / "x.key").chmod(0o600)
    with pytest.raises(InputError, match=r"x\.key:1:1"):
        fleet.connect("tcp://127.0.0.1:5570", tmp_path / "x.key")
