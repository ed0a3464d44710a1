"""Where in an OpenStreetMap file the damage is that osmium reports, as well as can be told."""

from __future__ import annotations

import bz2
import gzip
import re
from pathlib import Path

MOST_BYTES = 16_000_000
"""No more than this of a file is searched for the place of a fault."""


def place_of(path: Path, said: str) -> tuple[int, int]:
    """Line and column, from 1: those that osmium names, else of the text it quotes, else of the beginning."""
    named = re.search(r"line (\d+), column (\d+)", said)
    if named:
        return max(1, int(named[1])), int(named[2]) + 1
    sought = _sought(said)
    if not sought or path.name.lower().endswith(".pbf"):
        return 1, 1
    text = _text(path)
    at = text.find(sought)
    return (1, 1) if at < 0 else (text.count(b"\n", 0, at) + 1, at - text.rfind(b"\n", 0, at))


def _sought(said: str) -> bytes:
    """The text of the file that a report is about; nothing where it does not say."""
    element = re.search(r"element(?: in <\w+>)?: (\S+)$", said)
    quoted = re.search(r"'(.+)'$", said)
    if element:
        return b"<" + element[1].encode()
    if quoted:
        return quoted[1].encode() + b'"'
    return b"<!ENTITY" if "entities" in said else b""


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as raw:
            if path.suffix.lower() == ".gz":
                return gzip.GzipFile(fileobj=raw).read(MOST_BYTES)
            return (bz2.BZ2File(raw) if path.suffix.lower() == ".bz2" else raw).read(MOST_BYTES)
    except (OSError, EOFError, ValueError):
        return b""
