"""What ranges can say of a place, against the error that chance makes of them."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fleet.base.dilution import dilution

ANGLES = st.lists(st.floats(0.0, 2.0 * math.pi), min_size=2, max_size=8)
FAR = st.floats(10.0, 250.0)


def ring(angles, distances):
    return [r * math.cos(a) for a, r in zip(angles, distances, strict=True)], [
        r * math.sin(a) for a, r in zip(angles, distances, strict=True)
    ]


def at(xs, ys, x=0.0, y=0.0, reach_m=300.0):
    seen, hdop = dilution([x], [y], xs, ys, reach_m)
    return int(seen[0]), float(hdop[0])


@pytest.mark.parametrize("n", [3, 4, 5, 12])
def test_anchors_all_round_give_two_over_the_root_of_their_number(n):
    seen, hdop = at(*ring([2 * math.pi * k / n for k in range(n)], [100.0 + k for k in range(n)]))
    assert (seen, hdop) == (n, pytest.approx(2.0 / math.sqrt(n)))


def test_a_row_of_anchors_gives_no_place_and_neither_does_one():
    assert at([50.0, 100.0, 200.0], [0.0, 0.0, 0.0]) == (3, math.inf)
    assert at([50.0], [10.0]) == (1, math.inf)
    assert at([], []) == (0, math.inf)


def test_the_reach_is_a_closed_disc_and_who_stands_right_there_has_no_direction():
    assert at([300.0, 0.0, 300.1], [0.0, 300.0, 0.0])[0] == 2
    assert at([0.0, 100.0, 0.0], [0.0, 0.0, 100.0]) == (2, pytest.approx(math.sqrt(2.0)))


@given(ANGLES, st.data())
def test_no_more_anchors_do_harm_and_turning_the_map_does_nothing(angles, data):
    distances = [data.draw(FAR) for _ in angles]
    seen, hdop = at(*ring(angles, distances))
    turned = at(*ring([a + 1.0 for a in angles], distances))
    assume(math.isfinite(hdop) and hdop < 1e3)
    assert turned == (seen, pytest.approx(hdop, rel=1e-6))
    assert at(*ring([*angles, data.draw(st.floats(0.0, 6.0))], [*distances, 77.0]))[1] <= hdop * (1 + 1e-9)
    assert hdop >= 2.0 / math.sqrt(seen) * (1 - 1e-9), "nothing beats an even ring"


def test_it_is_what_chance_makes_of_a_fix():
    """Least squares from noisy ranges, many times: the error's root mean square is HDOP x sigma."""
    rng = np.random.default_rng(5)
    anchors = np.array([[120.0, 30.0], [-80.0, 150.0], [40.0, -200.0], [200.0, 100.0]])
    _, hdop = at(anchors[:, 0], anchors[:, 1])
    rows = -anchors / np.linalg.norm(anchors, axis=1)[:, None]
    errors = rng.normal(0.0, 3.0, (20_000, 4)) @ np.linalg.pinv(rows).T
    assert math.sqrt((errors**2).sum(axis=1).mean()) == pytest.approx(3.0 * hdop, rel=0.02)


def test_many_places_are_worked_through_in_blocks():
    x = np.linspace(-400.0, 400.0, 40_000)
    seen, hdop = dilution(x, np.zeros_like(x), [100.0, -100.0, 0.0], [0.0, 0.0, 90.0], 250.0)
    some = [7, 20_000, 39_000]
    alone = [at([100.0, -100.0, 0.0], [0.0, 0.0, 90.0], x=float(x[n]), reach_m=250.0) for n in some]
    assert [(int(seen[n]), float(hdop[n])) for n in some] == alone
