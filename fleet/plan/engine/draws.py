"""Random numbers that compiled code and plain Python draw alike: 32 bits in an int64, nothing overflows.

A 32-bit xorshift plus a Weyl sequence, the two halves of xorwow (Marsaglia, "Xorshift RNGs", Journal of
Statistical Software 8(14), 2003), shortened to two words.
"""

from __future__ import annotations

# mypy: disable-error-code="no-any-return"

import numpy as np
import numpy.typing as npt

from fleet.plan.engine.compiled import compiled

Words = npt.NDArray[np.int64]

_MASK = 0xFFFFFFFF


def words_of(generator: np.random.Generator) -> Words:
    """The state to begin with: two words, the first not zero."""
    return generator.integers(1, 2**32, size=2, dtype=np.int64)


@compiled
def draw(words: Words) -> int:
    """32 random bits."""
    x = words[0]
    x ^= (x << 13) & _MASK
    x ^= x >> 17
    x ^= (x << 5) & _MASK
    words[0] = x
    words[1] = (words[1] + 362437) & _MASK
    return (x + words[1]) & _MASK


@compiled
def below(words: Words, count: int) -> int:
    """A whole number from 0 to `count - 1`, for `count` below 2**31."""
    return (draw(words) * count) >> 32


@compiled
def unit(words: Words) -> float:
    """A number between 0 and 1, both left out."""
    return (draw(words) + 0.5) * 2.0**-32
