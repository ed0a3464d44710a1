"""The bar on a terminal; the lines elsewhere are seen in test_runs."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

from .command import FOUR_CORNERS, ROOT


def on_a_terminal(**environment):
    """What `fleet run` writes to a terminal on stderr, and to stdout."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "fleet", "run", str(FOUR_CORNERS)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # a terminal's way to say that the other side is gone
            break
        if not part:
            break
        seen += part
    os.close(ours)
    stdout, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    return seen.decode(), stdout.decode()


def test_a_bar_shows_clock_speed_served_and_waiting():
    seen, stdout = on_a_terminal()
    assert re.search(r"0\d:\d\d  [\d,]+x  served \d+  waiting \d+", seen)
    assert re.search(r"\x1b\[[0-9;]*3[0-9]m", seen)
    assert "served" in stdout
    assert "\x1b" not in stdout


def test_no_color_is_heeded():
    seen, _ = on_a_terminal(NO_COLOR="1")
    assert "served" in seen
    assert not re.search(r"\x1b\[[0-9;]*[39][0-7]m", seen)
