"""One door to numba: functions compiled to machine code, and kept on disk where that is possible.

No `fastmath` and no threads: IEEE arithmetic in the written order gives the same bits on every machine. Where
numba is missing the functions run as they are written, slowly and with the same results.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

try:
    import numba
    from numba.core import config
except ImportError:
    HAS_NUMBA = False
else:
    HAS_NUMBA = True
_MOVED = (ImportError, AttributeError, TypeError)

_F = TypeVar("_F", bound=Callable[..., object])

_SETTING = "CACHE_DIR"
_OURS = re.compile(r"fleet-(?:[a-z]+-)?[0-9a-f]{16}")
KEPT_S = 30 * 86_400.0
"""How long compiled code stays that nobody uses: each change of a source makes a folder of its own."""


def entry(sources: Path, name: str = "", *, allocates: bool = True) -> Callable[[_F], _F]:
    """A decorator: the function is compiled at its first call, be it from Python or from a compiled function.

    What was compiled is kept in the user's cache (`NUMBA_CACHE_DIR` if set), under `name` and one made of all
    files of the folder `sources`: numba itself looks at the one file a function stands in, and would not notice
    that a function it calls in another file has changed. Where nothing can be written, each process compiles for
    itself. `allocates`: whether the function or one it calls makes arrays. Where none does no references need
    counting, which saves time to compile and to run.
    """
    options: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": allocates}

    def compiled(function: _F) -> _F:
        if not HAS_NUMBA:
            return function
        folder = folder_of(sources, name)
        if folder is not None:
            try:
                with _kept_in(folder):
                    return cast("_F", numba.njit(cache=True, **options)(function))
            except RuntimeError:  # numba finds no file for the source, as in a frozen program
                pass
        return cast("_F", numba.njit(**options)(function))

    return compiled


def inner(*, allocates: bool = True) -> Callable[[_F], _F]:
    """A decorator: the function is compiled for compiled functions only, so that the whole is ready sooner."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": allocates}

    def compiled(function: _F) -> _F:
        if not HAS_NUMBA:
            return function
        return cast("_F", numba.njit(error_model="numpy", **options, **_pipeline())(function))

    return compiled


@functools.cache
def _pipeline() -> dict[str, Any]:
    """How inner functions are compiled: in numba's usual way, taking twice as long, where its inside changed."""
    try:
        from fleet.base.inner import Inner
    except _MOVED:
        return {}
    return {"pipeline_class": Inner}


@functools.cache
def folder_of(sources: Path, name: str = "") -> str | None:
    """Where compiled code of these sources is kept, or None where nothing can be written."""
    try:
        texts = [path.read_bytes() for path in sorted(sources.glob("*.py"))]
        digest = hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
        folder = _base() / f"fleet-{name}{'-' * bool(name)}{digest}"
        new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError):  # Path.home() raises RuntimeError for a user without a home
        return None
    with suppress(OSError):
        os.utime(folder)  # it is in use: a file that numba only reads does not tell
        if new:
            _prune(folder)
    return str(folder)


def _prune(newest: Path) -> None:
    """Remove the folders beside `newest` that were not used for so long, and nothing that is not ours."""
    now = newest.lstat()
    for folder in newest.parent.iterdir():
        if _OURS.fullmatch(folder.name):
            with suppress(OSError):
                found = folder.lstat()
                ours = stat.S_ISDIR(found.st_mode) and found.st_uid == now.st_uid
                if ours and now.st_mtime - found.st_mtime > KEPT_S:
                    shutil.rmtree(folder, ignore_errors=True)


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
