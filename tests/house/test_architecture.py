"""Which way everything flows, held by import-linter: the contracts of `pyproject.toml`, and that they bite."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(root: Path) -> subprocess.CompletedProcess:
    """Run the contracts of the project at `root`, on its own sources."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", LINT, "--config", str(root / "pyproject.toml"), "--no-cache"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_the_contracts_are_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in done.stdout


def test_every_room_has_its_floor():
    floors = next(c for c in CONTRACTS if c["id"] == "floors")
    placed = {room.strip() for layer in floors["layers"] for room in layer.split("|")}
    rooms = {path.parent.name for path in (ROOT / "fleet").glob("*/__init__.py")}
    assert rooms <= placed
    assert floors["exhaustive"]


SINS = {
    "detect/peek.py": "from fleet.sim.world import World",
    "base/up.py": "import fleet.plan.problem",
    "dispatch/stranger.py": "import fleet.sim.motion",
    "record/hint.py": "import fleet.redteam.attack",
    "sim/shape.py": "import shapely",
    "study/neighbour.py": "import fleet.messages.plane",
    "attic/__init__.py": "",
}


@pytest.fixture
def spoilt(tmp_path):
    """A copy of the sources with one sin of each kind."""
    shutil.copytree(ROOT / "fleet", tmp_path / "fleet", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in SINS.items():
        path = tmp_path / "fleet" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{line}\n", encoding="utf-8")
    return tmp_path


def test_the_contracts_bite(spoilt):
    """An import upwards, a neighbour's room, a look at the world or at the enemy, a second door, a new room."""
    done = lint(spoilt)
    assert done.returncode == 1
    sinners = {"fleet." + name.removesuffix(".py").replace("/", ".") for name in SINS} - {"fleet.attic.__init__"}
    if "attic" in done.stdout:  # a room without a floor stops the check of the other floors
        (spoilt / "fleet" / "attic" / "__init__.py").unlink()
        (spoilt / "fleet" / "attic").rmdir()
        done = lint(spoilt)
        assert done.returncode == 1
        assert {sinner for sinner in sinners if sinner not in done.stdout} == set()
    else:
        raise AssertionError("a new room without a floor was let in")
