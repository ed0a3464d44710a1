"""`fleet map import` and `fleet map rules`: a map from an OpenStreetMap extract, and an account of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.app.command import FILE, Command, echo_json, json_option, note, spare
from fleet.base.errors import UsageError

if TYPE_CHECKING:
    from fleet.city.osm_tally import Account, Row
    from fleet.city.osm_zone_rules import ZoneRule


@click.command("import", cls=Command)
@click.argument("file", type=FILE)
@click.option("-o", "--out", type=FILE, required=True, metavar="OUT.geojson", help="Where the map goes.")
@click.option(
    "--buffer",
    "buffers",
    multiple=True,
    metavar="REASON=M",
    help="Metres round features that close the air: hospital=100; hospital=off leaves them open.",
)
@click.option(
    "--zone-rules",
    type=FILE,
    metavar="RULES.yaml",
    help="Another table of what closes the air; `fleet map rules` prints the built-in one.",
)
@click.option(
    "--pickups",
    type=click.IntRange(0, 100_000),
    default=150,
    show_default=True,
    help="Generate pickup points at buildings where fewer are mapped; 0: never, and a map without is refused.",
)
@json_option
def import_map(
    file: Path, out: Path, buffers: tuple[str, ...], zone_rules: Path | None, pickups: int, as_json: bool
) -> None:
    """Make a map from an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz, .osm.bz2)."""
    from fleet.city.osm import import_osm
    from fleet.city.save import write_geojson

    spare(out, file, zone_rules)
    result = import_osm(file, _rules(zone_rules, buffers), pickups)
    write_geojson(result.city, out)
    if as_json:
        echo_json(
            {"map": str(out), "name": result.city.name, **_as_json(result.account), "notes": result.city.notes}
        )
        return
    click.echo("\n".join(account_lines(result.account)))
    for remark in (*result.city.notes, f"wrote {click.format_filename(out)}"):
        note(remark)


@click.command("rules", cls=Command)
@click.option("-o", "--out", type=FILE, metavar="FILE", help="Into a file; without it, or as -, to stdout.")
def rules(out: Path | None) -> None:
    """Print which features of an extract close the air, as a file to change and give to `import`."""
    from fleet.app.starter import put
    from fleet.app.zonerules import rules_text

    if out is None or str(out) == "-":
        click.echo(rules_text(), nl=False)
    else:
        put(out, rules_text())


def _rules(file: Path | None, buffers: Sequence[str]) -> tuple[ZoneRule, ...]:
    from fleet.app.zonerules import read_rules
    from fleet.city.osm_zone_rules import DEFAULT_RULES, with_buffers

    table = DEFAULT_RULES if file is None else read_rules(file)
    try:
        return with_buffers(table, dict(_buffer(text) for text in buffers))
    except UsageError as error:
        raise UsageError(f"--buffer: {error}") from None


def _buffer(text: str) -> tuple[str, float | None]:
    """`hospital=100` as a reason and a distance, None for `off`."""
    from fleet.city.osm_zone_rules import MAX_BUFFER_M

    reason, _, said = (part.strip() for part in text.partition("="))
    if said == "off":
        return reason, None
    try:
        distance_m = float(said)
    except ValueError:
        distance_m = math.nan
    if not 0.0 <= distance_m <= MAX_BUFFER_M:
        raise UsageError(f"expected REASON=M, with M from 0 to {MAX_BUFFER_M:g} or off, found {text!r}")
    return reason, distance_m


def account_lines(account: Account) -> Iterator[str]:
    """The account as a table: found, on the map, left out and why; then the other numbers."""
    width = max(len(_indented(row)) for row in account.rows)
    yield f"{'':{width}}  {'found':>8}  {'on map':>8}  {'left out':>8}"
    for row in account.rows:
        left_out = row.found - row.used
        why = ", ".join(f"{number:,} {reason}" for reason, number in row.left_out)
        line = f"{_indented(row):{width}}  {row.found:8,}  {row.used:8,}"
        yield f"{line}  {left_out:8,}  {why}" if left_out else line
    yield ""
    width = max(len(f"{number:,}") for _, number in account.facts)
    yield from (f"{number:{width},}  {what}" for what, number in account.facts)


def _indented(row: Row) -> str:
    return f"  {row.what}" if row.part_of else row.what


def _as_json(account: Account) -> dict[str, Any]:
    rows = {
        row.what: {"found": row.found, "on_map": row.used, "left_out": dict(row.left_out)} for row in account.rows
    }
    return {"objects": rows, "facts": dict(account.facts)}
