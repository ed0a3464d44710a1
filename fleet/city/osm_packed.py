"""How much a packed OpenStreetMap file comes to: a few bytes on a disk can be made to fill any memory."""

from __future__ import annotations

import bz2
import gzip
import zlib
from pathlib import Path

MOST_BYTES = 8 * 2**30
"""What a file may come to unpacked: several times a city of 40 km a side, mapped as densely as any."""

_CHUNK = 2**20


def unpacks_to_more(path: Path, most: int) -> bool:
    """Whether a `.gz` or `.bz2` comes to more than `most` bytes; read piece by piece, and no further than that.

    What is damaged before it comes to so much does not: it is told in full by who reads it.
    """
    opened = {".gz": gzip.GzipFile, ".bz2": bz2.BZ2File}.get(path.suffix.lower())
    if opened is None:
        return False
    total = 0
    try:
        with opened(path) as file:
            while total <= most:
                chunk = file.read(_CHUNK)
                if not chunk:
                    break
                total += len(chunk)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    return total > most
