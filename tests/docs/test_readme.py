"""The README tells the truth: its console blocks are run and compared, its watcher is run on a live bus.

In the expected output `...` stands for anything, within a line or for any number of lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.bus.endpoints import endpoints

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CODES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "120"}


def steps(block: str) -> list[tuple[str, str]]:
    """(command, expected output) of a block."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def pattern(expected: str) -> re.Pattern[str]:
    pieces = [re.escape(piece) for piece in expected.rstrip("\n").split("...")]
    return re.compile("(?s:.*?)".join(pieces) + r"\n?")


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][2:50])
def test_what_a_console_block_says_is_what_happens(block: str) -> None:
    for command, expected in steps(block):
        done = subprocess.run(
            ["bash", "-c", f"exec 2>&1; {command}"], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False
        )
        printed = done.stdout.decode()
        assert done.returncode == 0, f"$ {command}\n{printed}"
        assert pattern(expected).fullmatch(printed), f"$ {command}\n{printed}\n--- expected ---\n{expected}"


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.slow
def test_the_watcher_prints_what_happens(tmp_path: Path) -> None:
    (code,) = (code for code in CODES if "fleet.connect" in code)
    script = tmp_path / "watcher.py"
    script.write_text(code)
    endpoint = endpoints("tcp://127.0.0.1:*").base
    run = [sys.executable, "-m", "fleet", "run", "configs/four-corners.yaml", "--quiet", "--insecure"]
    with subprocess.Popen(
        [*run, "--bus", endpoint, "--bus-wait", "30"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as city:
        try:
            watcher = reading(script, endpoint)
            summary, _ = city.communicate(timeout=60)
        finally:
            city.kill()
    assert city.returncode == 0, summary
    assert watcher.returncode == 0, watcher.stderr
    lines = watcher.stdout.splitlines()
    assert lines[0].startswith("four-corners at ")
    assert "vehicles, mean battery" in lines[1]
    assert lines[-1] == "complete missed: {}"


@pytest.mark.slow
def test_planning_in_python_works() -> None:
    (code,) = (code for code in CODES if "fleet.plan" in code)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert re.fullmatch(r"[1-9]\d* \['farm'\]\n", done.stdout), done.stdout + done.stderr


def reading(script: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    """The watcher's output. It gives up after 5 s where nobody answers, and a run takes a moment to come up."""
    for _ in range(6):
        done = subprocess.run(
            [sys.executable, script, endpoint], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
        if "nobody answers" not in done.stderr and "does not answer" not in done.stderr:
            break
    return done
