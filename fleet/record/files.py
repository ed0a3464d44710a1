"""Writing files so that a killed run leaves either the whole file or none, and a full disk a clear error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.base.errors import RunError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says while `path` is written into a `RunError` that names it."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{path}: cannot write: {error.strerror or error}") from None


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path` at once. Raises `RunError`."""
    part = path.with_name(f".{path.name}.part")
    with writing(path):
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
