"""What holds until it is let go, where there is nothing more to it than how large it is and how it ends."""

from __future__ import annotations

from collections.abc import Callable

from fleet.sim.tampering.primitive import Asked, Running


class Held(Running):
    """Something that holds on the target asked for: `size` measures it, `let_go` ends it."""

    def __init__(self, asked: Asked, size: Callable[[], float], let_go: Callable[[], object]) -> None:
        self._asked = asked
        self._size = size
        self._let_go = let_go

    def stop(self) -> None:
        self._let_go()

    def tell(self) -> None:
        self._asked.tell(self._asked.target, self._size())
