"""What is allowed and most likely not meant: said once before the run, so that nobody reads a day for nothing."""

from __future__ import annotations

from fleet.app.scenario import Scenario
from fleet.city.model import City


def remarks_on(scenario: Scenario, city: City) -> tuple[str, ...]:
    """One line each: detectors with nothing to go by on this map, attacks whose time never comes."""
    end_s = scenario.run.span.end_ms / 1000.0
    said = [
        f"blue.detectors.{n}: range-check will see nothing: the map {city.name} has no anchors"
        for n, detector in enumerate(scenario.blue.detectors)
        if getattr(detector, "kind", "") == "range-check" and not city.anchors
    ]
    said += [
        f"red.attacks.{n}: its onset, {attack.onset.earliest_s:g} s at the earliest, is past the end, {end_s:g} s"
        for n, attack in enumerate(scenario.red.attacks)
        if attack.onset.earliest_s >= end_s
    ]
    return tuple(said)
