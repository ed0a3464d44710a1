"""Writes a plan as every file that was asked for: all texts are made before the first file is touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from fleet.base.errors import UsageError
from fleet.base.wholefile import whole_file
from fleet.plan.files.geojson import map_text
from fleet.plan.files.loaded import Loaded
from fleet.plan.files.mission import mission_texts
from fleet.plan.files.plan_json import plan_json
from fleet.plan.files.sol import sol_text
from fleet.plan.problem import Plan

_TEXTS: dict[str, Callable[[Loaded, Plan], str]] = {
    ".json": plan_json,
    ".sol": sol_text,
    ".geojson": map_text,
}
MISSION = ".plan"
SUFFIXES = (*_TEXTS, MISSION)


def check_outputs(loaded: Loaded, outs: Sequence[Path]) -> None:
    """Raise `UsageError` for a file that no plan for the problem can be written to, before anything is planned."""
    empty = Plan((), (), 0)
    for number, out in enumerate(outs):
        if out.suffix.lower() not in SUFFIXES:
            raise UsageError(f"-o {out}: expected a name that ends in {', '.join(SUFFIXES)}")
        if out in outs[:number]:
            raise UsageError(f"-o {out}: expected each file once")
        if not out.absolute().parent.is_dir():
            raise UsageError(f"-o {out}: there is no directory {out.parent}")
        if out.is_dir():
            raise UsageError(f"-o {out}: expected a file, found a directory")
        if not os.access(out.absolute().parent, os.W_OK):
            raise UsageError(f"-o {out}: nothing can be written to the directory {out.parent}")
        texts_for(loaded, empty, out)


def texts_for(loaded: Loaded, plan: Plan, out: Path) -> dict[Path, str]:
    """The files that `-o out` means, and their texts: for a `.plan` one per vehicle that flies."""
    suffix = out.suffix.lower()
    if suffix == MISSION:
        named = mission_texts(loaded, plan)
        return {out.with_name(f"{out.stem}-{name}{out.suffix}"): text for name, text in named.items()}
    return {out: _TEXTS[suffix](loaded, plan)}


def write_outputs(texts: dict[Path, str]) -> None:
    """Write files, each whole or not at all. Raises `UsageError` for the first that cannot be written."""
    for path, text in texts.items():
        try:
            with whole_file(path) as whole:
                whole.write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None
