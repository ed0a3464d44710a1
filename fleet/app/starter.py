"""What a newcomer starts from: a scenario with comments, the schema its editor reads, and a map to fly in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fleet
from fleet.base.errors import RunError, UsageError

SCHEMA_NAME = "fleet-scenario.schema.json"
MAP_NAME = "four-corners.geojson"
_SHARE = Path(__file__).parent / "share"


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario file."""
    from fleet.app.scenario import Scenario

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Scenario.model_json_schema(),
        "title": "fleet scenario",
    }


def schema_text() -> str:
    """The schema as a file's text."""
    return json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n"


def map_file() -> Path:
    """The four-corners map: in an installed package beside this file, in a source tree among its maps."""
    packed = _SHARE / MAP_NAME
    return packed if packed.is_file() else Path(fleet.__file__).parents[1] / "maps" / MAP_NAME


def write_starter(path: Path, *, overwrite: bool = False) -> list[Path]:
    """Write a scenario that runs as it is to `path`, and beside it its schema and, unless one is there, its map.

    Returns what was written. Raises `UsageError` if `path` exists and `overwrite` is not given, or if nothing
    can be written there.
    """
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: exists already; use --force to overwrite it")
    schema, city = path.with_name(SCHEMA_NAME), path.with_name(MAP_NAME)
    text = (_SHARE / "starter.yaml").read_text(encoding="utf-8")
    written = [path, schema]
    put(schema, schema_text())
    if not city.exists():
        put(city, map_file().read_text(encoding="utf-8"))
        written.append(city)
    put(path, text)
    return written


def put(path: Path, text: str) -> None:
    """Put `text` at `path`, whole or not at all; a device or a pipe gets it as it comes.

    Raises `UsageError` where nothing can be written.
    """
    from fleet.record.files import write_whole, writing

    try:
        if path.exists() and not path.is_file():
            with writing(path):
                path.write_text(text, encoding="utf-8")
        else:
            write_whole(path, text.encode())
    except RunError as error:
        raise UsageError(str(error)) from None
