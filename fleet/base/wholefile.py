"""Writing a file in one step: whoever looks sees the old file or the whole new one, never a half."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SUFFIX = ".part"
"""What a file is called that was being written when the process was killed, after a name of its own."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which becomes `path` at the end, or goes if the writing fails.

    Raises `OSError` where the place cannot be written to.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=SUFFIX, delete=False) as out:
        half = Path(out.name)
        try:
            yield out.file
            out.flush()
            half.chmod(0o644)
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
