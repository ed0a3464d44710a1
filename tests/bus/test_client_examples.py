"""The examples in the docstrings of the clients are run as they stand, against a run behind real doors."""

import contextlib
import io
import re
import textwrap

import pytest

from fleet.bus import aclient, client
from fleet.bus.keyring import Keyring

from .played_run import PlayedRun

SOURCES = (client.connect, client.Client, aclient.connect_async, aclient.AsyncClient)
MOST_LINES = 12


def examples(thing):
    """The indented blocks of a docstring that import `fleet`."""
    blocks = re.findall(r"(?m)(?:^ {4,}.*\n|^\n)+", textwrap.dedent(f"    {thing.__doc__}\n"))
    return [textwrap.dedent(block).strip() + "\n" for block in blocks if "import" in block and "fleet" in block]


EXAMPLES = [
    pytest.param(code, id=f"{thing.__name__}-{n}") for thing in SOURCES for n, code in enumerate(examples(thing))
]


def test_there_are_examples():
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_does_what_it_says(code, tmp_path, monkeypatch):
    assert len([line for line in code.splitlines() if line.strip()]) <= MOST_LINES
    keyring = Keyring.make(tmp_path / "keys")
    keyring.new("kim", "operator", tmp_path / "kim.key")
    keyring.new("mallory", "red", tmp_path / "mallory.key")
    keyed = ".key" in code
    monkeypatch.chdir(tmp_path)
    with PlayedRun(60, keyring=keyring if keyed else None) as run:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(
                compile(code.replace("tcp://127.0.0.1:5570", run.url), "example", "exec"), {"__name__": "example"}
            )
    lines = printed.getvalue().splitlines()
    assert lines
    assert not any(line.startswith("refused") for line in lines)
