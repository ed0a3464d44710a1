"""Every door under random and mutated frames, and forged orders: seconds here, a minute in CI, more by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = os.environ.get("FLEET_FUZZ_S", "6")


@pytest.mark.slow
def test_nothing_gets_in_or_breaks(tmp_path):
    state = tmp_path / "state.jsonl"
    tool = [sys.executable, str(ROOT / "tools" / "bus_fuzz.py"), "--state", str(state)]
    done = subprocess.run([*tool, "--seconds", SECONDS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing broken." in done.stdout
    assert state.read_text().count('"door"') >= 7, "every door once, and orders"
