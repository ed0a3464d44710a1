"""What a scenario may say of trouble, and what it is told where it says anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.app.load import load_scenario
from fleet.app.starter import map_file
from fleet.base.errors import InputError
from fleet.bus.memory import MemoryBus

DAY = """\
name: day
city: {{map: {map}}}
fleet:
  groups: [{{name: light, type: light-collector, count: 2}}]
demand:
  processes:
    - {{name: bins, per_day: 10, materials: {{paper: 1}}, volume_l: {{median: 5, sigma: 0.1, min: 1, max: 9}},
       window_min: [{{minutes: 60, share: 1}}]}}
troubles:
{troubles}
"""


def faults(tmp_path: Path, troubles: str) -> list[str]:
    path = tmp_path / "day.yaml"
    path.write_text(DAY.format(map=map_file(), troubles=troubles), encoding="utf-8")
    try:
        load_scenario(path).build(MemoryBus)
    except InputError as error:
        return [str(fault).replace(f"{path}:", "") for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "troubles",
    [
        "  level: calm",
        "  level: none",
        "  rates: {weather-gust: 20, pickup-overfull: 0.5}",
        "  sizes: {radio-loss: 0.3}",
    ],
)
def test_what_may_be_said(tmp_path, troubles):
    assert faults(tmp_path, troubles) == []


@pytest.mark.parametrize(
    "troubles, expected",
    [
        (
            "  level: calm\n  rates:\n    weather-gust: 3\n    wheather-rain: 2",
            ["13:5: troubles.rates.wheather-rain: expected a kind of trouble, found 'wheather-rain'; "
             "did you mean `weather-rain`?"],
        ),
        (
            "  rates:\n    pickup-overfull: 3",
            ["11:22: troubles.rates.pickup-overfull: expected a share of the pickups, 0 to 1, found 3"],
        ),
        (
            "  sizes:\n    zzz: 1\n    weather-gust: 5",
            [
                "11:5: troubles.sizes.zzz: expected a kind of trouble, found 'zzz'; the kinds are in "
                "docs/troubles.md",
                "12:19: troubles.sizes.weather-gust: expected 0.02 to 0.3 (share of power), found 5",
            ],
        ),
        ("  level: wild", ["10:10: troubles.level: expected one of 'none', 'calm', 'troubled', found 'wild'"]),
        (
            "  rates: {weather-gust: -1}",
            ["10:25: troubles.rates.weather-gust: expected a number of at least 0, found -1"],
        ),
    ],
)  # fmt: skip
def test_what_may_not(tmp_path, troubles, expected):
    assert faults(tmp_path, troubles) == expected
