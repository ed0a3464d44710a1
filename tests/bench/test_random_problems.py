"""The log of the random problems: what was done stays done, and what something else did does not count."""

import json
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import random_problems

    return random_problems


def test_a_log_is_gone_on_with_by_who_began_it(tool, tmp_path, monkeypatch, capsys):
    log = tmp_path / "log.jsonl"
    asked = []
    monkeypatch.setattr(tool, "one", lambda seed, maker: asked.append(seed) or line(seed, maker))

    def again(*words):
        asked.clear()
        monkeypatch.setattr(sys, "argv", ["random_problems", "--log", str(log), *words])
        assert tool.main() == 0
        return list(asked)

    assert again("--towns", "3") == [0, 1, 2]
    assert again("--towns", "5") == [3, 4]
    log.write_text(log.read_text()[:-20])
    assert again("--towns", "5") == [4]
    assert again("--towns", "5") == []
    assert again("--towns", "2", "--iterations", "7") == [0, 1]
    assert again("--towns", "2", "--iterations", "7") == []
    monkeypatch.setattr(tool, "chosen", lambda engine: "steam")
    capsys.readouterr()
    assert again("--towns", "1") == [0]
    assert "lines do not count: other iterations, engine or sources" in capsys.readouterr().err


def test_other_sources_make_other_lines(tool, tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("1")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "SOURCES", (tmp_path,))
    before = tool.made_by(5)
    assert tool.made_by(5) == before
    (tmp_path / "a.py").write_text("2")
    assert tool.made_by(5) != before
    old = tmp_path / "log.jsonl"
    old.write_text(json.dumps({"seed": 0, "iterations": 5}) + "\n")
    assert tool.read_log(old, before, 9) == {}


def line(seed, maker):
    numbers = dict.fromkeys(("pickups", "served", "promised", "kept", "cpu_s"), 0)
    lists = {name: [] for name in ("violations", "insertable", "broken", "has", "binds")}
    return {"seed": seed, "codes": {}, **numbers, **lists, "made_by": maker}
