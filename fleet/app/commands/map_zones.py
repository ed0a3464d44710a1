"""`fleet map zones`: what an official geo-zone file says, before anybody flies by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.app.command import FILE, Command, Number, echo_json, json_option, note

if TYPE_CHECKING:
    from fleet.city.geozones import GeoZones
    from fleet.city.model import Zone
    from fleet.city.times import Period


@click.command("zones", cls=Command)
@click.argument("file", type=FILE)
@click.option(
    "--map", "map_file", type=FILE, metavar="MAP", help="Only the zones that a run on this map would heed."
)
@click.option(
    "--ground", "ground_amsl_m", type=Number(-500.0, 9_000.0), metavar="M",
    help="Height of the ground above the sea, metres.",
)  # fmt: skip
@json_option
def zones(file: Path, map_file: Path | None, ground_amsl_m: float | None, as_json: bool) -> None:
    """Print the zones of FILE (ED-269 or ED-318): what each closes, how high, and when."""
    from fleet.app.airspace import ZONE_REACH_M
    from fleet.city.geozones import read_geozones, within_reach
    from fleet.city.load import load_city

    if map_file is None:
        found = read_geozones(file, None, ground_amsl_m)
    else:
        city = load_city(map_file)
        found = within_reach(read_geozones(file, city.frame, ground_amsl_m), city, ZONE_REACH_M)
    if as_json:
        echo_json(_as_json(found))
        return
    click.echo("\n".join(_lines(found)))
    for remark in found.notes:
        note(remark)


def _lines(found: GeoZones) -> Iterator[str]:
    yield f"{found.format}: {len(found.zones):,} of {found.counts.volumes:,} volumes"
    rows = [
        (zone.id, zone.restriction, zone.reason, _band(zone), f"{zone.area.area / 1e6:.3f} km2", _when(zone))
        for zone in found.zones
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(6)] if rows else []
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _band(zone: Zone) -> str:
    from fleet.city.geozones_fields import UNLIMITED_M

    ceiling = "unlimited" if zone.ceiling_m >= UNLIMITED_M else f"{zone.ceiling_m:.0f} m"
    return f"{zone.floor_m:.0f} m to {ceiling}"


def _when(zone: Zone) -> str:
    return "; ".join(_period(period) for period in zone.times) or "always"


def _period(period: Period) -> str:
    from fleet.city.times import DAYS

    limits = (period.start, period.end)
    dates = " to ".join("..." if at is None else f"{at:%Y-%m-%d %H:%M}" for at in limits)
    days = "every day" if period.days == frozenset(DAYS) else " ".join(d for d in DAYS if d in period.days)
    hours = f"{days} {_hour(period.opens)}-{_hour(period.closes)} UTC"
    return hours if limits == (None, None) else f"{dates}, {hours}"


def _hour(at: int | str) -> str:
    return at if isinstance(at, str) else f"{at // 3_600_000:02d}:{at // 60_000 % 60:02d}"


def _as_json(found: GeoZones) -> dict[str, Any]:
    return {
        "format": found.format,
        "zones": [
            {
                "id": zone.id,
                "restriction": zone.restriction,
                "reason": zone.reason,
                "floor_m": zone.floor_m,
                "ceiling_m": zone.ceiling_m,
                "area_m2": round(zone.area.area, 1),
                "times": [_period(period) for period in zone.times],
            }
            for zone in found.zones
        ],
        "counts": asdict(found.counts),
        "notes": found.notes,
    }
