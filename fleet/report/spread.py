"""How evenly something is spread over groups of different size, such as a service over a city's districts.

Each group has a value and a weight (its share of the demand). They are the measures usual for where public
facilities are put [M: Marsh and Schilling 1994, Equity measurement in facility location analysis, European Journal
of Operational Research 74].
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def gini(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """Gini's coefficient: the mean difference of two random units, over twice the mean; 0 is even, 1 is the most.

    sum_ij w_i w_j |v_i - v_j| / (2 W^2 mean). None without a value above 0.

    >>> gini([1, 1], [1, 3]), gini([0, 1], [1, 1]), gini([0, 0], [1, 1])
    (0.0, 0.5, None)
    """
    total = math.fsum(weights)
    mean = _mean(values, weights)
    if not mean:
        return None
    pairs = list(zip(values, weights, strict=True))
    apart = math.fsum(w * u * abs(v - x) for v, w in pairs for x, u in pairs)
    return apart / (2.0 * total * total * mean)


def variation(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """The coefficient of variation: the standard deviation over the mean, weighted. None without a value above 0.

    >>> variation([2, 2], [1, 1]), variation([1, 3], [1, 1])
    (0.0, 0.5)
    """
    mean = _mean(values, weights)
    if not mean:
        return None
    squares = math.fsum(w * (v - mean) ** 2 for v, w in zip(values, weights, strict=True))
    return math.sqrt(squares / math.fsum(weights)) / mean


def most_over_least(values: Sequence[float]) -> float | None:
    """The largest value over the smallest; 1 is even. None where there is none, or the smallest is 0.

    >>> most_over_least([2.0, 3.0]), most_over_least([0.0, 1.0])
    (1.5, None)
    """
    least = min(values, default=0.0)
    return max(values) / least if least else None


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    total = math.fsum(weights)
    return math.fsum(v * w for v, w in zip(values, weights, strict=True)) / total if total else 0.0
