"""All that lives by the world's clock beside its vehicles, built in the order in which one needs another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fleet.sim.grid.build import Grid
from fleet.sim.parts import Annex
from fleet.sim.people.build import People
from fleet.sim.plants.build import Plants
from fleet.sim.sensornet.build import SensorNet
from fleet.sim.surroundings import Surroundings
from fleet.sim.troubles.build import Troubles


@dataclass(frozen=True)
class Annexes:
    """The annexes of one world, by name, and in order."""

    grid: Grid
    plants: Plants
    sensornet: SensorNet
    people: People
    troubles: Troubles

    def __iter__(self) -> Iterator[Annex]:
        return iter((self.grid, self.plants, self.sensornet, self.people, self.troubles))


def build_annexes(around: Surroundings) -> Annexes:
    """Every annex as the setting describes it."""
    setting = around.setting
    grid = Grid(around, setting.grid)
    return Annexes(
        grid=grid,
        plants=Plants(around, setting.plants, grid),
        sensornet=SensorNet(around, setting.sensor_network),
        people=People(around, setting.people),
        troubles=Troubles(around, setting.troubles),
    )
