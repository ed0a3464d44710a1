"""Holds the sections of a scenario that describe the city's life against its map, sites and vehicles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fleet.app.scenario import Scenario
from fleet.base.errors import Fault
from fleet.sim.grid import checks as grid
from fleet.sim.ground import Ground
from fleet.sim.people import checks as people
from fleet.sim.plants import checks as plants
from fleet.sim.sensornet import checks as sensornet
from fleet.sim.troubles import checks as troubles


def section_faults(scenario: Scenario, ground: Ground, file: str) -> Iterator[Fault]:
    """Every fault of every section, with its path from the top of the scenario."""
    found = {
        "grid": grid.faults(scenario.grid, ground),
        "plants": plants.faults(scenario.plants, ground),
        "sensor_network": sensornet.faults(scenario.sensor_network, ground),
        "people": people.faults(scenario.people, ground),
        "troubles": troubles.faults(scenario.troubles, ground),
    }
    for section, faults in found.items():
        for fault in faults:
            yield replace(fault, file=file, path=f"{section}.{fault.path}")
