"""Randomness has a name.

A run has one seed. Every consumer asks for the stream of its own name, so that a new consumer shifts no
other. Sensor noise is counter-based: the draw for (stream, entity, tick) is a pure function of the three,
so that reading a sensor, or not reading it, changes nothing for anybody else.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_UInts = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)


def _spawn_key(name: str) -> tuple[int, ...]:
    digest = hashlib.sha256(name.encode()).digest()[:16]
    return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))


class Streams:
    """The named random streams of one run.

    >>> a = Streams(7).generator("demand").random()
    >>> b = Streams(7).generator("demand").random()
    >>> a == b, a == Streams(7).generator("wind").random()
    (True, False)
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def _sequence(self, name: str) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=_spawn_key(name))

    def generator(self, name: str) -> np.random.Generator:
        """A fresh generator for `name`; two calls give two generators that draw the same."""
        return np.random.Generator(np.random.PCG64(self._sequence(name)))

    def noise(self, name: str) -> Noise:
        """Counter-based noise for sensors."""
        return Noise(int(self._sequence(name).generate_state(1, np.uint64)[0]))

    def secret(self, name: str) -> bytes:
        """32 bytes for a key pair. Reproducible, hence fit for simulation and for nothing else."""
        return self._sequence(name).generate_state(8, np.uint32).tobytes()


_MASK = 0xFFFFFFFFFFFFFFFF


def _splitmix_int(x: int) -> int:
    """`_splitmix` for one Python integer."""
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def _splitmix(x: _UInts) -> _UInts:
    """splitmix64's finaliser (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014)."""
    x = x + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * _MIX_A
    x = (x ^ (x >> np.uint64(27))) * _MIX_B
    return x ^ (x >> np.uint64(31))


_KNOTS_KEPT = 16
"""Two lanes are read at once, and two knots of each; more than that only ages."""


class Noise:
    """Draws that are functions of (entity, tick), for arrays of both at once (broadcast)."""

    def __init__(self, key: int) -> None:
        self._key = key
        self._lanes: dict[int, int] = {}
        self._knots: dict[tuple[int, int, tuple[int, ...]], tuple[bytes, Floats]] = {}

    def _bits(self, entity: npt.ArrayLike, tick: npt.ArrayLike, lane: int) -> _UInts:
        entities = np.asarray(entity, dtype=np.uint64)
        ticks = np.asarray(tick, dtype=np.uint64)
        with np.errstate(over="ignore"):
            return _splitmix(_splitmix(np.uint64(self._lane(lane)) + entities) + ticks)

    def _lane(self, lane: int) -> int:
        known = self._lanes.get(lane)
        if known is None:
            known = self._lanes[lane] = _splitmix_int((self._key + lane) & _MASK)
        return known

    def one_normal(self, entity: int, tick: int) -> float:
        """`normal(entity, tick)` for one pair, without the cost of arrays; equal to the last bit or two."""
        pair = []
        for lane in (0, 1):
            first = _splitmix_int((self._lane(lane) + entity) & _MASK)
            pair.append(((_splitmix_int((first + tick) & _MASK) >> 12) + 0.5) * 2.0**-52)
        return math.sqrt(-2.0 * math.log(pair[0])) * math.cos(2.0 * math.pi * pair[1])

    def one_uniform(self, entity: int, tick: int, lane: int = 0) -> float:
        """`uniform(entity, tick, lane)` for one pair, without the cost of arrays; equal to the last bit."""
        first = _splitmix_int((self._lane(lane) + entity) & _MASK)
        return ((_splitmix_int((first + tick) & _MASK) >> 12) + 0.5) * 2.0**-52

    def uniform(self, entity: npt.ArrayLike, tick: npt.ArrayLike, lane: int = 0) -> Floats:
        """Uniform on (0, 1), both ends left out: 52 bits and a half are exact, and can be no more."""
        bits = self._bits(entity, tick, lane) >> np.uint64(12)
        return (bits.astype(np.float64) + 0.5) * 2.0**-52

    def normal(self, entity: npt.ArrayLike, tick: npt.ArrayLike, lane: int = 0) -> Floats:
        """Standard normal (Box and Muller, 1958)."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(entity, tick, 2 * lane)))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(entity, tick, 2 * lane + 1)))

    def drift(self, entity: npt.ArrayLike, t_s: npt.ArrayLike, tau_s: float, lane: int = 0) -> Floats:
        """Unit-variance normal noise that wanders: knots every `tau_s`, joined so that the variance stays 1.

        A stand-in for a first-order Gauss-Markov process that can be read at any time in any order.
        """
        phase = np.asarray(t_s, dtype=np.float64) / tau_s
        knot = np.floor(phase)
        part = phase - knot
        if phase.ndim:
            before, after = (self.normal(entity, knot.astype(np.uint64) + np.uint64(n), lane) for n in (0, 1))
        else:
            before, after = (self._at_knot(np.asarray(entity, np.uint64), int(knot) + n, lane) for n in (0, 1))
        mixed = (1.0 - part) * before + part * after
        return np.asarray(mixed / np.sqrt((1.0 - part) ** 2 + part**2))

    def _at_knot(self, entities: _UInts, knot: int, lane: int) -> Floats:
        """`normal(entities, knot, lane)`, kept from call to call: a drift is read many times between two knots."""
        key, asked = (lane, knot, entities.shape), entities.tobytes()
        known, draws = self._knots.get(key, (b"", None))
        if draws is None or known != asked:
            draws = self.normal(entities, knot, lane)
            if len(self._knots) >= _KNOTS_KEPT:
                self._knots.clear()
            self._knots[key] = asked, draws
        return draws
