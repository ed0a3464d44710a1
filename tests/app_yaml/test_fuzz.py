"""Spoilt files: whatever is done to a file, the answer is a model or a list of placed faults."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.app.yamlfile import load_model, parse_override
from fleet.base.errors import InputError, UsageError

from .sample import SAMPLE, Day

WEIRD = [
    "null", "~", "", "true", "no", "0x1F", "0o17", "1e400", "-.inf", ".NaN", "9" * 30, "1_000", "2026-01-01",
    "12:30:45", "'", '"', "[", "]", "{", "}", "[[[[", "{a: {b: {c: ", "&x", "*x", "*hours", "&hours [*hours]",
    "!!int x", "!!python/object:os.system", "!t {a: 1}", "<<: *hours", "|", ">", "|9", "%YAML 1.1", "---",
    "...", "? a", ": b", "\t", "- - - -", '"\\ud800"', '"\\x"', '"\\UFFFFFFFF"', "\u2028", "\u0085", "\ufeff",
    "\U0001f600", "a" * 300, "@", "`", "!<tag:yaml.org,2002:float> 1", "!!binary aGk=", "{<<: 3}",
    "{<<: [*hours, 4]}", "-0", "+.5", "1.", "{1: 2, 1: 3}", "{[a]: b}", "{? : x}", "#", "!", "!!set {a}",
]  # fmt: skip


def _bytes(rng, data):
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _lines(rng, data):
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 4)):
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        choice = rng.randrange(6)
        if choice == 0 and len(lines) > 2:
            del lines[i]
        elif choice == 1:
            lines[i], lines[j] = lines[j], lines[i]
        elif choice == 2:
            lines[i] = b" " * rng.randint(0, 8) + lines[i].lstrip()
        elif choice == 3:
            lines.insert(i, lines[j])
        elif choice == 4:
            lines[i] = b"\t" + lines[i]
        else:
            lines[i] = lines[i].replace(b":", b"", 1)
    return b"\n".join(lines)


def _values(rng, data):
    lines = data.decode(errors="replace").split("\n")
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(lines))
        key, colon, value = lines[i].partition(": ")
        weird = rng.choice(WEIRD)
        lines[i] = rng.choice(
            [
                f"{key}{colon}{weird}",
                f"{key}{colon}{weird} {value}",
                f"{weird}{colon}{value}",
                f"{key}: {weird}\n  {value}",
            ]
        )
    return "\n".join(lines).encode(errors="replace")


def _keys(rng, data):
    out = data
    for _ in range(rng.randint(1, 3)):
        word = rng.choice([b"name", b"groups", b"type", b"count", b"kind", b"at_s", b"hours", b"start", b"glass"])
        out = out.replace(
            word, rng.choice([word[1:], word + b"s", word[::-1], b"", b"1", b"true", b"'" + word]), 1
        )
    return out


def _cut(rng, data):
    return data[: rng.randrange(len(data))]


@pytest.mark.parametrize("seed", range(10))
def test_spoilt_files(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "day.yaml"
    good, bad = 0, 0
    for _ in range(130):
        data = SAMPLE.encode()
        for _ in range(rng.randint(1, 2)):
            data = rng.choice([_bytes, _lines, _values, _keys, _cut])(rng, data) or b" "
        path.write_bytes(data)
        faults = _faults(path)
        good, bad = good + (not faults), bad + bool(faults)
        lines = len(re.split("\r\n|[\r\n\u0085\u2028\u2029]", data.decode(errors="replace")))
        assert all(f.file == str(path) and 1 <= f.line <= lines and f.column >= 1 for f in faults), faults
        assert all(f.expected and f.found and str(f).encode() for f in faults), faults
    assert bad > 50
    assert good > 0


def _faults(path):
    """What is wrong with the file; any error but `InputError` ends the test."""
    try:
        load_model(path, Day)
    except InputError as error:
        return error.faults
    return ()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_model(path, Day)
    assert all(fault.line >= 1 and fault.column >= 1 for fault in caught.value.faults)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30) | st.sampled_from(WEIRD).map(lambda weird: f"a.b={weird}"))
def test_any_override(text):
    try:
        path, _ = parse_override(text)
    except UsageError as error:
        path, message = (), str(error)
    assert path or message.startswith("--set ")
