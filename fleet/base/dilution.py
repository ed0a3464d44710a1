"""How well a place can be found from ranges: what the directions to the anchors make of the error of one range.

A position (x, y) from ranges r_i to fixed points solves dr = H dx, where row i of H is the unit vector from anchor
i to the place. With independent errors of one size s the covariance of the solution is s^2 (H^T H)^-1, so that the
error of the place is HDOP x s with

    HDOP = sqrt(trace((H^T H)^-1))

(Kaplan and Hegarty, "Understanding GPS/GNSS", 3rd ed. 2017, 11.2, without the receiver's clock, because a range is
measured both ways). H^T H is 2 x 2, so its trace and determinant are enough: trace((H^T H)^-1) = trace / det, and
the trace is the number of anchors. Two anchors at a right angle give sqrt(2), n all round give 2 / sqrt(n).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_BLOCK = 16_384
_SINGULAR = 1e-9


def dilution(
    place_x_m: npt.ArrayLike,
    place_y_m: npt.ArrayLike,
    anchor_x_m: npt.ArrayLike,
    anchor_y_m: npt.ArrayLike,
    reach_m: float,
) -> tuple[npt.NDArray[np.int64], Floats]:
    """(how many anchors are in reach, HDOP) of every place; inf where they give no position.

    Distances are over ground. An anchor right at the place has no direction, and counts for nothing.

    >>> seen, hdop = dilution([0.0], [0.0], [100.0, 0.0], [0.0, 100.0], 300.0)
    >>> seen.tolist(), hdop.round(3).tolist()
    ([2], [1.414])
    """
    x, y = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (place_x_m, place_y_m))
    ax, ay = (np.asarray(v, dtype=np.float64) for v in (anchor_x_m, anchor_y_m))
    seen, hdop = np.zeros(len(x), dtype=np.int64), np.full(len(x), np.inf)
    for first in range(0, len(x), _BLOCK):
        block = slice(first, first + _BLOCK)
        seen[block], hdop[block] = _block(x[block, None] - ax, y[block, None] - ay, reach_m)
    return seen, hdop


def _block(dx: Floats, dy: Floats, reach_m: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """The same for offsets of shape (places, anchors)."""
    far = np.hypot(dx, dy)
    counts = (far > 0.0) & (far <= reach_m)
    scale = np.where(counts, 1.0 / np.where(far > 0.0, far, 1.0), 0.0)
    ux, uy = dx * scale, dy * scale
    xx, xy, yy = (ux * ux).sum(axis=1), (ux * uy).sum(axis=1), (uy * uy).sum(axis=1)
    det = xx * yy - xy * xy
    fixed = det > _SINGULAR
    hdop = np.where(fixed, np.sqrt((xx + yy) / np.where(fixed, det, 1.0)), np.inf)
    return counts.sum(axis=1), hdop
