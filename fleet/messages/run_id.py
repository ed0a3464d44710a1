"""Which run a signature is for.

Simulated time and counters begin anew in each run, and keys do not: if what is signed did not name the run, an
order out of an old record would hold in the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from fleet.base.errors import MessageError
from fleet.base.streams import Streams

RUN_ID_BYTES = 16
_DIGITS = re.compile(rf"[0-9a-f]{{{2 * RUN_ID_BYTES}}}")


@dataclass(frozen=True, slots=True)
class RunId:
    """16 bytes as 32 lower-case hexadecimal digits. Raises `MessageError` for anything else.

    >>> RunId("0123456789abcdef" * 2)
    RunId(digits='0123456789abcdef0123456789abcdef')
    """

    digits: str

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            digits = 2 * RUN_ID_BYTES
            raise MessageError(f"run_id: expected {digits} lower-case hex digits, found {self.digits[:40]!r}")

    @classmethod
    def of_seed(cls, streams: Streams) -> Self:
        """What keys drawn from a seed sign for: the same in each run of that seed, so that their logs are equal.

        The rest of the scenario has no part in it: up to an attack, an attacked run and a clean one sign alike.
        """
        return cls(streams.secret("run-id")[:RUN_ID_BYTES].hex())
