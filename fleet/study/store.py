"""Where the results of a study lie: a directory with one small JSON file per key, each written in one step.

    DIR/study.json           which points there are, and where the result of each is
    DIR/points/<key>.json    what came of it

A study that is killed leaves whole files only, so it can be gone on with: a point whose key has findings is not
run again. A point that is changed has another key. What belongs to no point any more stays, in case it is changed
back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from fleet.base.errors import Fault, InputError, RunError, UsageError
from fleet.base.textfile import read_bounded
from fleet.base.wholefile import SUFFIX, whole_file
from fleet.study.model import Point, Result, Study

MANIFEST = "study.json"
POINTS = "points"
MAX_BYTES = 50_000_000

T = TypeVar("T")


class Store:
    """The results in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def opened(self, study: Study) -> Iterator[None]:
        """Make room for this study, and keep others out while inside.

        Raises `UsageError` for a directory that holds something else, that cannot be written to, or in which
        another study is running.
        """
        try:
            self._require_room()
            (self.directory / POINTS).mkdir(parents=True, exist_ok=True)
            with _alone(self.directory):
                for half in (self.directory / POINTS).glob(f".*{SUFFIX}"):
                    half.unlink()
                self._write(self.directory / MANIFEST, asdict(study))
                yield
        except OSError as error:
            raise UsageError(f"{self.directory}: cannot be written to: {error.strerror or error}") from None

    def keep(self, result: Result) -> None:
        """Write a result down. Raises `RunError` where that is impossible."""
        path = self._file(result.key)
        try:
            self._write(path, asdict(result))
        except OSError as error:
            raise RunError(f"{path}: cannot be written: {error.strerror or error}") from None

    def result(self, key: str) -> Result | None:
        """What came of the points with this key; None for nothing yet. Raises `InputError` for a broken file."""
        path = self._file(key)
        if not path.exists():
            return None
        found = _read(path, Result, "the result of a point; without this file it is run again")
        if found.key != key:
            raise InputError([Fault(str(path), 1, 1, "key", key, found.key)])
        return found

    def study(self) -> Study:
        """The study that was last begun here. Raises `InputError` if there is none."""
        return _read(self.directory / MANIFEST, Study, "a study that `fleet study` began")

    def results(self, study: Study) -> dict[Point, Result]:
        """What came of each of these points, of those of which something did."""
        by_key = {key: self.result(key) for key in {point.key for point in study.points}}
        return {point: found for point in study.points if (found := by_key[point.key]) is not None}

    def _require_room(self) -> None:
        if self.directory.exists() and not self.directory.is_dir():
            raise UsageError(f"{self.directory}: expected a directory for the results, found a file")
        taken = self.directory.exists() and any(self.directory.iterdir())
        if taken and not (self.directory / MANIFEST).is_file() and not (self.directory / POINTS).is_dir():
            raise UsageError(f"{self.directory}: is not empty and holds no study; name another directory")

    def _file(self, key: str) -> Path:
        return self.directory / POINTS / f"{key}.json"

    def _write(self, path: Path, value: dict[str, Any]) -> None:
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
        with whole_file(path) as out:
            out.write(text.encode() + b"\n")


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, which goes with the process whatever ends it. Raises `UsageError` if held."""
    try:
        import fcntl
    except ModuleNotFoundError:
        # Where there are no such locks two studies in one directory are the user's own affair.
        yield
        return
    lock = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{directory}: a study is running there; name another directory") from None
        yield
    finally:
        os.close(lock)


def _read(path: Path, kind: type[T], expected: str) -> T:
    try:
        return msgspec.json.decode(read_bounded(path, MAX_BYTES), type=kind)
    except msgspec.DecodeError as error:
        raise InputError([Fault(str(path), 1, 1, "", expected, str(error))]) from None
