"""The README tells the truth: its console blocks are run and compared, its subscriber is run on a live bus.

In the expected output `...` stands for anything, within a line or for any number of lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import zmq

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
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
def test_the_subscriber_prints_what_happens(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.splitlines()) <= 20
    script = tmp_path / "subscriber.py"
    script.write_text(code.replace("20_000", "3_000"))
    with zmq.Context() as context, context.socket(zmq.REP) as probe:
        endpoint = f"tcp://127.0.0.1:{probe.bind_to_random_port('tcp://127.0.0.1')}"
    run = [sys.executable, "-m", "fleet", "run", "configs/four-corners.yaml", "--quiet"]
    with subprocess.Popen(
        [*run, "--bus", endpoint, "--bus-wait", "30"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as city:
        watcher = subprocess.run(
            [sys.executable, script, endpoint], cwd=ROOT, capture_output=True, text=True, check=False
        )
        summary, _ = city.communicate()
    assert city.returncode == 0, summary
    assert watcher.stderr.splitlines()[-1].startswith("zmq.error.Again"), "it ends when the city falls silent"
    assert "PickupCollected" in watcher.stdout
    assert "mean battery" in watcher.stdout
