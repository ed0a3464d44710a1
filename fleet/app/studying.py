"""From a study file to its points, and from a point to what its run came to.

A point's key stands for the scenario with all its settings, the contents of every file that the scenario reads,
the program (its sources and the versions of what it is built on) and nothing else: not where files lie, nor the
label.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import fleet
from fleet.app.load import LoadedScenario, load_scenario
from fleet.app.provenance import dependencies, run_info
from fleet.app.run import Runner, patient_collector
from fleet.app.yamlfile import load_placed
from fleet.app.yamltree import Places
from fleet.base.errors import Fault, InputError, RunError, UsageError, did_you_mean
from fleet.bus.memory import MemoryBus
from fleet.record.digest import Digest
from fleet.report.districts import Districts, Facility
from fleet.report.measures import MEASURES, OF_DISTRICT, measures_of, title_of
from fleet.report.summary import summarise
from fleet.report.tally import Tally
from fleet.study.model import Finding, Measure, Point, Study, key_of
from fleet.study.params import PointParams, StudyParams, faults

_OVERRIDE = "--set "
USUAL = (
    "served_share", "in_window_share", "wait_mean_min", "wait_p95_min", "collected_kg", "unloads", "flown_km",
    "km_per_pickup", "flown_kwh", "drawn_kwh", "wh_per_kg", "utilisation", "busiest_share", "nearest_km",
    "brought_km", "carried_km", "nearest_gini", "nearest_most_over_least", "served_least_share", "served_gini",
    "wait_gini",
)  # fmt: skip
"""What is shown of a study that does not say what."""


def load_study(path: Path, seeds: Sequence[int] = ()) -> Study:
    """The study in the file at `path`, with these seeds if there are any, else with its own.

    Every scenario is loaded and held against its map. Raises `InputError` with the faults of all files.
    """
    params, places = load_placed(path, StudyParams)
    found = [places.placed(fault, key=fault.path.endswith(".seed")) for fault in faults(params)]
    found += [fault for n, name in enumerate(params.measures) for fault in _measure_faults(name, n, places)]
    loaded: list[LoadedScenario] = []
    for n, point in enumerate(params.points):
        try:
            loaded.append(_checked(path, point, n, places))
        except InputError as error:
            found += error.faults
    if found:
        raise InputError(dict.fromkeys(found))
    program = program_key()
    points = tuple(
        Point(
            label=point.label,
            seed=seed,
            key=content_key(scenario, seed, program),
            scenario=str(path.parent / point.scenario),
            changes=_changes(point),
        )
        for point, scenario in zip(params.points, loaded, strict=True)
        for seed in seeds or params.seeds
    )
    return Study(params.name, fleet.__version__, points, measures_called(params.measures or USUAL))


def measures_called(names: Sequence[str]) -> tuple[Measure, ...]:
    """The measures of these names, or patterns for measures of districts. Raises `UsageError` for what is none."""
    found = []
    for name in names:
        title = title_of(name)
        if title is None:
            raise UsageError(f"{name}: expected a measure; {_near(name)}")
        found.append(Measure(name, title))
    return tuple(found)


def run_point(point: Point) -> dict[str, Finding]:
    """Make the run of a point, and measure it. The digest of the run is among the findings.

    Raises `FleetError` where the scenario cannot be run, or is not any more what the point's key stands for.
    """
    loaded = load_scenario(Path(point.scenario), (*point.changes, f"seed={point.seed}"))
    if content_key(loaded, point.seed, program_key()) != point.key:
        raise RunError(f"{point.scenario}: this, or a file that it names, was changed while the study was running")
    return measure_run(loaded)


def measure_run(loaded: LoadedScenario) -> dict[str, Finding]:
    """Run a scenario with nothing outside and nothing recorded; every measure of it, and its digest."""
    parts = loaded.build(MemoryBus)
    tally, digest = Tally(), Digest()
    districts = Districts(Facility(s.id, s.x_m, s.y_m, s.accepts) for s in parts.setting.sites if s.accepts)
    with patient_collector():
        Runner(parts, [digest, tally, districts]).run()
    summary = summarise(tally, {**run_info(loaded, parts), "digest": digest.hexdigest()})
    return {**measures_of(summary, districts, tally.plant_kwh), "digest": summary.digest}


def content_key(loaded: LoadedScenario, seed: int, program: bytes) -> str:
    """What the findings of a scenario with this seed depend on."""
    seeded = replace(loaded, scenario=loaded.scenario.model_copy(update={"seed": seed}))
    files = [(f"file {n}", file.read_bytes()) for n, file in enumerate(loaded.files())]
    return key_of([("program", program), ("scenario", seeded.settings_json().encode()), *files])


def program_key() -> bytes:
    """A hash of the program's sources, and of the versions of Python and of what the program is built on."""
    digest = hashlib.sha256()
    home = Path(fleet.__file__).parent
    for file in sorted(home.rglob("*.py")):
        digest.update(file.relative_to(home).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update(json.dumps([platform.python_version(), dependencies()], sort_keys=True).encode())
    return digest.digest()


def _measure_faults(name: str, n: int, places: Places) -> list[Fault]:
    if title_of(name) is not None:
        return []
    return [places.fault(("measures", n), "a measure", repr(name), _near(name))]


def _near(name: str) -> str:
    near = did_you_mean(name, [*MEASURES, *(f"districts.*.{measure}" for measure in OF_DISTRICT)])
    return near or "known: " + ", ".join(MEASURES) + "; of districts: " + ", ".join(OF_DISTRICT)


def _changes(point: PointParams) -> tuple[str, ...]:
    """The changes as `--set` takes them; JSON is YAML."""
    return tuple(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in point.set.items())


def _checked(study: Path, point: PointParams, n: int, places: Places) -> LoadedScenario:
    """The scenario of the point with the number `n`, held against its map.

    What is wrong with a change is told at its line of the study file.
    """
    file = study.parent / point.scenario
    if not file.is_file():
        hint = did_you_mean(file.name, [other.name for other in _beside(file)])
        expected = "a scenario file"
        raise InputError([places.fault(("points", n, "scenario"), expected, f"no such file: {file}", hint)])
    changes = dict(zip(_changes(point), point.set, strict=True))
    wrong: list[Fault] = []
    while True:
        try:
            loaded = load_scenario(file, tuple(changes))
            loaded.check()
        except UsageError as error:
            # One change that cannot be made hides what is wrong with the others.
            text = next((text for text in changes if str(error).startswith(f"{_OVERRIDE}{text}: ")), None)
            if text is None:
                raise
            expected, _, found = str(error).removeprefix(f"{_OVERRIDE}{text}: expected ").partition(", found ")
            wrong.append(places.fault(("points", n, "set", changes.pop(text)), expected, found, key=True))
            continue
        except InputError as error:
            wrong += [_moved(fault, changes, n, places) for fault in error.faults]
        if wrong:
            raise InputError(wrong)
        return loaded


def _moved(fault: Fault, changes: Mapping[str, str], n: int, places: Places) -> Fault:
    """A fault of what a change put into a scenario, told at its line of the study file."""
    name = changes.get(fault.file.removeprefix(_OVERRIDE)) if fault.file.startswith(_OVERRIDE) else None
    if name is None:
        return fault
    place = places.of(("points", n, "set", name))
    return replace(fault, file=place.file, line=place.line, column=place.column)


def _beside(file: Path) -> list[Path]:
    try:
        return sorted(file.parent.glob(f"*{file.suffix}"))
    except OSError:
        return []
