"""Runs that are none: plain functions of a module, so that other processes find them."""

import os
import signal
from threading import Event

from fleet.base.errors import RunError
from fleet.study.model import Measure, Point, Study, key_of

MEASURES = (Measure("km", "way, km"), Measure("parts.*.kg", "mass of *, kg"))


def study_of(labels=("a", "b"), seeds=(1, 2, 3), version="0"):
    points = tuple(
        Point(label, seed, key_of([(label, str(seed).encode())]), "fake.yaml")
        for label in labels
        for seed in seeds
    )
    return Study("fake", version, points, MEASURES)


def steady(point):
    size = 10.0 if point.label == "a" else 5.0
    return {"km": size + point.seed, "parts.x.kg": point.seed, "parts.y.kg": None, "digest": f"d{point.seed}"}


def fails_at_two(point):
    if point.seed == 2:
        raise RunError("two is no seed for me")
    return steady(point)


def breaks_at_two(point):
    return {"km": 1 / (point.seed - 2)}


def not_finite(point):
    return {"km": float("inf")}


def not_plain(point):
    return {"km": [1.0]}


def dies_at_two(point):
    if point.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return steady(point)


def waits_but_for_the_first(point):
    if (point.label, point.seed) != ("a", 1):
        Event().wait()
    return steady(point)
