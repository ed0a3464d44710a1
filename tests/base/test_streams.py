"""Randomness: streams that do not disturb each other, noise that does not care in which order it is read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.streams import Noise, Streams

GENERATOR = [242886504, 2536414942, 3089411980]
SECRET = "e4cafcd3d276865f60502bf683a540752471cca2c486c059c88183f1ebe42854"
UNIFORM = 0.849336960956817

WORD = st.integers(0, 2**63 - 1)
SMALL = st.integers(0, 2**40)


def test_a_stream_repeats_and_depends_on_seed_and_name_alone():
    draw = Streams(7).generator("demand").random(5).tolist()
    assert draw == Streams(7).generator("demand").random(5).tolist()
    assert draw != Streams(8).generator("demand").random(5).tolist()
    assert draw != Streams(7).generator("demand2").random(5).tolist()


def test_the_draws_of_a_seed_are_these():
    """A change of these numbers changes every run that anybody has on record."""
    streams = Streams(7)
    assert streams.generator("demand").integers(2**32, size=3).tolist() == GENERATOR
    assert streams.secret("key/dispatch/0").hex() == SECRET
    assert streams.noise("sensor/gnss").uniform(3, 4) == UNIFORM


def test_a_new_consumer_shifts_no_other():
    alone = Streams(1).generator("a").random(4).tolist()
    streams = Streams(1)
    for name in ("b", "c"):
        streams.generator(name).random(100)
        streams.noise(name).normal(0, 0)
    assert streams.generator("a").random(4).tolist() == alone


def test_streams_of_near_names_are_not_correlated():
    draws = np.array([Streams(1).generator(f"s{n}").normal(size=4000) for n in range(6)])
    off_diagonal = np.corrcoef(draws)[np.triu_indices(6, 1)]
    assert np.abs(off_diagonal).max() < 0.06


def test_secrets_are_32_bytes_each_its_own():
    secrets = {Streams(seed).secret(f"key/{n}") for seed in range(3) for n in range(20)}
    assert len(secrets) == 60
    assert {len(secret) for secret in secrets} == {32}


@given(key=WORD, order=st.permutations(range(12)))
def test_noise_may_be_read_in_any_order(key, order):
    ticks = np.array(order)
    together = Noise(key).normal(5, np.arange(12))
    assert Noise(key).normal(5, ticks).tolist() == together[ticks].tolist()
    one_by_one = Noise(key)
    assert [float(one_by_one.normal(5, tick)) for tick in order] == together[ticks].tolist()


@given(key=WORD, entity=SMALL, tick=SMALL)
def test_one_normal_is_normal_without_the_array(key, entity, tick):
    noise = Noise(key)
    assert noise.one_normal(entity, tick) == pytest.approx(float(noise.normal(entity, tick)), rel=1e-12, abs=1e-15)


@given(key=WORD, entity=WORD, tick=WORD, lane=st.integers(0, 9))
def test_uniform_leaves_out_both_ends(key, entity, tick, lane):
    assert 0.0 < float(Noise(key).uniform(entity, tick, lane)) < 1.0


def test_noise_has_the_moments_it_says():
    entity, tick = np.meshgrid(np.arange(300), np.arange(300))
    uniform = Noise(3).uniform(entity, tick)
    normal = Noise(3).normal(entity, tick)
    assert uniform.mean() == pytest.approx(0.5, abs=0.004)
    assert uniform.var() == pytest.approx(1 / 12, rel=0.01)
    assert normal.mean() == pytest.approx(0.0, abs=0.012)
    assert normal.var() == pytest.approx(1.0, rel=0.02)
    assert (normal**4).mean() == pytest.approx(3.0, rel=0.05)


def test_lanes_entities_and_ticks_are_independent():
    noise, n = Noise(9), np.arange(20_000)
    columns = [
        noise.normal(1, n),
        noise.normal(2, n),
        noise.normal(n, 1),
        noise.normal(1, n, 1),
        noise.normal(1, n + 1),
    ]
    off_diagonal = np.corrcoef(columns)[np.triu_indices(len(columns), 1)]
    assert np.abs(off_diagonal).max() < 0.03


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.77])
def test_drift_has_unit_variance_at_every_phase(part):
    values = Noise(4).drift(np.arange(40_000), (17 + part) * 45.0, 45.0)
    assert values.mean() == pytest.approx(0.0, abs=0.02)
    assert values.var() == pytest.approx(1.0, rel=0.025)


def test_drift_is_correlated_within_tau_and_not_beyond():
    entity, noise = np.arange(20_000), Noise(4)

    def correlation(gap_s):
        pairs = [
            (noise.drift(entity, t, 45.0), noise.drift(entity, t + gap_s, 45.0)) for t in (100.0, 117.0, 131.0)
        ]
        return np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs])

    near, middle, far = correlation(1.0), correlation(30.0), correlation(100.0)
    assert near > 0.98
    assert near > middle > 0.3
    assert abs(far) < 0.03


@given(t=st.floats(0, 1e5), step=st.floats(1e-6, 1e-3))
def test_drift_does_not_jump(t, step):
    a, b = Noise(4).drift(8, np.array([t, t + step]), 45.0)
    assert abs(a - b) < 30.0 * step / 45.0 + 1e-9


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(0, 9))
def test_one_uniform_draw_is_that_of_the_array(entity, tick, lane):
    noise = Streams(3).noise("links")
    assert noise.one_uniform(entity, tick, lane) == float(noise.uniform(entity, tick, lane))


READING = st.tuples(st.sampled_from([8, [8], [8, 9], [9, 8], [[8], [9]]]), st.integers(0, 3), st.floats(0.0, 99.0))


@given(st.lists(READING, min_size=1, max_size=30))
def test_drift_does_not_hang_on_what_was_read_before(readings):
    used = Noise(4)
    for entity, lane, t_s in readings:
        again = used.drift(entity, t_s, 10.0, lane)
        assert again.tolist() == Noise(4).drift(entity, t_s, 10.0, lane).tolist()
        assert again.tolist() == Noise(4).drift(entity, np.full(np.shape(entity), t_s), 10.0, lane).tolist()
