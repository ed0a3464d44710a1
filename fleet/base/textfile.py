"""Reading what a user names, with a bound: a file that is missing, or endless, is a fault and not a crash."""

from __future__ import annotations

from pathlib import Path

from fleet.base.errors import Fault, InputError


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file. Raises `InputError` if it cannot be read, or holds more than `max_bytes`."""
    file = str(path)
    try:
        if path.is_dir():
            raise InputError([Fault(file, 1, 1, "", "a readable file", "a directory")])
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else f"an error: {error}"
        raise InputError([Fault(file, 1, 1, "", "a readable file", found)]) from None
    if len(data) > max_bytes:
        raise InputError([Fault(file, 1, 1, "", f"at most {max_bytes:,} bytes", "more")])
    return data
