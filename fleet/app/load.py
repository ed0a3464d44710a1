"""A scenario file, loaded: the settings, where each of them was written, and the same again as text.

Checks against the map are made by rooms that know no lines. Their faults speak of the file `scenario` and of
dotted paths; `LoadedScenario.placed` turns them into file:line:column.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fleet.app.build import BusOf, Guests, Parts, build
from fleet.app.scenario import Scenario
from fleet.app.setting import SCENARIO, find_file, stage_of
from fleet.app.yamlfile import load_placed, to_yaml
from fleet.app.yamltree import Places
from fleet.base.errors import Fault, InputError
from fleet.city.store import PathStore, default_directory


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario, the place of each of its values, and the directory its relative paths start from."""

    scenario: Scenario
    places: Places
    directory: Path

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Put line and column into the faults of any `InputError` raised inside."""
        try:
            yield
        except InputError as error:
            raise InputError(self._placed(fault) for fault in error.faults) from None

    def _placed(self, fault: Fault) -> Fault:
        if fault.file != SCENARIO:
            return fault
        # A fault that shows the last part of its path is about a name, not about the value behind it.
        about_name = any(fault.path.endswith(f".{name}") for name in (fault.found, fault.found[1:-1]) if name)
        return self.places.placed(fault, key=about_name)

    def build(self, bus_of: BusOf, *, away: frozenset[str] = frozenset(), guests: Guests | None = None) -> Parts:
        """The parts of a run, as `fleet.app.build.build` makes them.

        Raises `InputError` where the scenario does not fit its map or table.
        """
        store = PathStore(default_directory(os.environ))
        with self.placed():
            return build(self.scenario, self.directory, bus_of, legs=True, away=away, guests=guests, store=store)

    def check(self) -> tuple[dict[str, int], tuple[str, ...]]:
        """How many vehicles, sites and pickup points there are, and remarks on its files, one line each.

        Raises `InputError` as `build` does.
        """
        with self.placed():
            stage = stage_of(self.scenario, self.directory)
        counts = {
            "vehicles": len(stage.vehicles),
            "sites": len(stage.sites),
            "pickup_points": len(stage.city.pickup_points),
        }
        return counts, stage.remarks

    def resolved_yaml(self, home: Path | None) -> str:
        """The scenario with all defaults spelled out, for a file in the directory `home`.

        Paths to other files are rewritten relative to `home`, so that the text can be run again from there; where
        it will lie is not known (None), they are absolute.
        """
        data = self.scenario.model_dump(mode="json", exclude_none=True, by_alias=True)
        for section, name in (("city", "map"), ("demand", "csv")):
            if name in data[section]:
                data[section][name] = self._seen_from(home, data[section][name])
        data["airspace"]["files"] = [self._seen_from(home, name) for name in data["airspace"]["files"]]
        return "# Resolved by `fleet run`: every setting, defaults included.\n" + to_yaml(data)

    def files(self) -> tuple[Path, ...]:
        """The files that the scenario reads, in the order in which it names them."""
        found = (find_file(name, self.directory) for name in _file_names(self.scenario))
        return tuple(path for path in found if path is not None)

    def settings_json(self) -> str:
        """All settings, defaults included, as JSON that does not depend on where the scenario's files lie."""
        data = self.scenario.model_dump(mode="json", by_alias=True)
        names = [Path(name).name for name in _file_names(self.scenario)]
        data["city"]["map"], data["demand"]["csv"], data["airspace"]["files"] = "", "", names
        return json.dumps(data, ensure_ascii=False, sort_keys=True)

    def _seen_from(self, home: Path | None, name: str) -> str:
        found = find_file(name, self.directory)
        if found is None:
            return name
        return str(found.resolve()) if home is None else os.path.relpath(found.resolve(), home.resolve())


def _file_names(scenario: Scenario) -> tuple[str, ...]:
    table = () if scenario.demand.csv is None else (scenario.demand.csv,)
    return (scenario.city.map, *table, *scenario.airspace.files)


def load_scenario(path: Path, overrides: Sequence[str] = ()) -> LoadedScenario:
    """The scenario in the file at `path` after `overrides` ("fleet.groups.0.count=3").

    Raises `InputError` with every fault of the file, and `UsageError` for an override that cannot be applied.
    """
    scenario, places = load_placed(path, Scenario, overrides)
    return LoadedScenario(scenario, places, path.parent)
