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
from .spoil import WEIRD, spoilt


@pytest.mark.parametrize("seed", range(10))
def test_spoilt_files(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "day.yaml"
    good, bad = 0, 0
    for _ in range(130):
        data = spoilt(rng, SAMPLE.encode())
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
