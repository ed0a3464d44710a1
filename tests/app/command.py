"""Calls of the command, in this process and in others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from fleet.app.cli import cli

ROOT = Path(__file__).parents[2]
FOUR_CORNERS = ROOT / "configs" / "four-corners.yaml"


def fleet(*words):
    """The result of `fleet ...` in this process: exit_code, stdout, stderr. Nothing may be raised."""
    result = CliRunner().invoke(cli, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def spawn(*words, **environment):
    """`fleet ...` as a process of its own, with both outputs as pipes of text."""
    return subprocess.Popen(
        [sys.executable, "-m", "fleet", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
