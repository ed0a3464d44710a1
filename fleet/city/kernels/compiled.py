"""One door to numba: functions compiled to machine code, and kept on disk where that is possible.

No `fastmath` and no threads: IEEE arithmetic in the written order gives the same bits on every machine.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

import numba
from numba.core import config

_F = TypeVar("_F", bound=Callable[..., object])

_SETTING = "CACHE_DIR"


def compiled(function: _F) -> _F:
    """`function`, compiled at its first call.

    What was compiled is kept in the user's cache (`NUMBA_CACHE_DIR` if set), under a name made of all sources of
    this package: numba itself looks at the one file a function stands in, and would not notice that a function
    it calls in another file has changed. Where nothing can be written, each process compiles for itself.
    """
    folder = _folder()
    if folder is not None:
        try:
            with _kept_in(folder):
                return cast("_F", numba.njit(cache=True, error_model="numpy")(function))
        except RuntimeError:  # numba finds no file for the source, as in a frozen program
            pass
    return cast("_F", numba.njit(error_model="numpy")(function))


@functools.cache
def _folder() -> str | None:
    """Where compiled code is kept, or None where nothing can be written."""
    try:
        sources = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
        digest = hashlib.sha256(b"\0".join(sources)).hexdigest()[:16]
        folder = _base() / f"fleet-{digest}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except (OSError, RuntimeError):  # Path.home() raises RuntimeError for a user without a home
        return None


def _base() -> Path:
    named = getattr(config, _SETTING)
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (cache if cache.is_absolute() else Path.home() / ".cache") / "numba"


@contextmanager
def _kept_in(folder: str) -> Iterator[None]:
    """numba looks up its folder when a function is declared; what others declare goes where it went before."""
    before = getattr(config, _SETTING)
    setattr(config, _SETTING, folder)
    try:
        yield
    finally:
        setattr(config, _SETTING, before)
