"""`fleet map show`: a map as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.app.command import FILE, Command, Number, echo_json, json_option, note, spare
from fleet.base.errors import UsageError

if TYPE_CHECKING:
    from fleet.city.model import City


@click.command("show", cls=Command)
@click.argument("file", metavar="MAP", type=FILE)
@click.option("-o", "--out", type=FILE, required=True, metavar="OUT.png", help="Where the picture goes.")
@click.option(
    "--height",
    "height_m",
    type=Number(0.0, 10_000.0),
    default=80.0,
    show_default=True,
    help="Metres above ground: what closes the sky there is in the way.",
)
@click.option(
    "--width", "width_px", type=click.IntRange(400, 8000), default=1200, show_default=True, help="Pixels."
)
@click.option("--zones", type=FILE, multiple=True, metavar="FILE", help="An ED-269 or ED-318 file to draw too.")
@json_option
def show(file: Path, out: Path, height_m: float, width_px: int, zones: tuple[Path, ...], as_json: bool) -> None:
    """Draw MAP (GeoJSON, or an OpenStreetMap extract): buildings, zones, sites, pickups, a few legal paths."""
    from fleet.base.wholefile import whole_file
    from fleet.city.drawing import png

    spare(out, file, *zones)
    if out.suffix.lower() != ".png":
        raise UsageError(f"-o {click.format_filename(out)}: expected a name that ends in .png, found {out.name!r}")
    picture = png(_city(file, zones), height_m, width_px)
    try:
        with whole_file(out) as whole:
            whole.write(picture)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror or error}") from None
    if as_json:
        echo_json({"picture": str(out), "height_m": height_m, "width_px": width_px})
    else:
        note(f"wrote {click.format_filename(out)}")


def _city(file: Path, zones: tuple[Path, ...]) -> City:
    from fleet.app.airspace import ZONE_REACH_M
    from fleet.city.geozones import read_geozones, with_zones, within_reach
    from fleet.city.load import load_city
    from fleet.city.osm import SUFFIXES, import_osm

    city = import_osm(file).city if file.name.lower().endswith(SUFFIXES) else load_city(file)
    for name in zones:
        city = with_zones(city, within_reach(read_geozones(name, city.frame), city, ZONE_REACH_M))
    return city
