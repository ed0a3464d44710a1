"""Live cases of `charger.*` and `grid.*`: what meters read, what is drawn, who has power."""

import math

import pytest

from fleet.messages.grid import MeterRead, PowerChanged
from fleet.messages.truth import WorldClosed
from fleet.sim.grid.params import FeederParams, GridParams, MeterParams
from tests.journeys.live import Ask, Case, Live, start
from tests.journeys.stages import Run, Scene

GRID = (
    "grid={feeders: [{id: west, sites: [depot], zone: left}, {id: east, sites: [plant, pad-1], zone: right}],"
    " meters: {interval_min: 1}}"
)
POWER = GridParams(
    feeders=(FeederParams(id="west", sites=("home",), zone="left"), FeederParams(id="east", sites=("swap",))),
    meters=MeterParams(interval_min=1),
)
SCENE = Scene((GRID,), {"grid": POWER})

WEST = {"depot", "home"}
"""The site on the feeder `west`, in the zone `left`, on either stage."""


def west(run: Run) -> str:
    return next(iter(WEST & run.world.parts.yards.keys()))


def readings(run: Run, meter: str) -> dict[int, float]:
    """What a meter read, by the end of its interval in ticks."""
    return {m.body.until_ms // 1000: m.body.wh for _, m in run.of(MeterRead) if m.body.meter == meter}


def charging(run: Run) -> tuple[int, int, str] | None:
    """(tick, row, site): when and where somebody begins to charge, and stays so for a while."""
    parts = run.world.parts
    nodes = {
        yard.id: (parts.terrain.x_m[yard.node], parts.terrain.y_m[yard.node]) for yard in parts.yards.values()
    }
    for tick in sorted(run.samples)[120:-100]:
        for row in range(len(run.names)):
            told = [run.samples[t].told_states[row] for t in (tick - 1, tick, tick + 60)]
            if told[0] != "charging" and told[1:] == ["charging", "charging"]:
                place = run.samples[tick].true[row][:2]
                return tick, row, min(nodes, key=lambda site: math.dist(nodes[site], place))
    return None


def zone_of(run: Run, site: str) -> tuple[str, list[str]]:
    """The zone of a site, and all sites in it."""
    grid = run.world.annexes.grid
    zones = {zone: sorted(s for f in grid.feeders_in(zone) for s in f.sites) for zone in grid.zones}
    return next((zone, sites) for zone, sites in zones.items() if site in sites)


# ---- charger.tap


def to_tap(run: Run) -> Ask:
    return Ask(start("charger.tap", west(run), power_w=6000.0), 250, 500)


def tapped(live: Live) -> None:
    """The feeder's meter sees it, with the losses, for as long as it holds; the site's own does not."""
    drawn_s = live.ask.stop_tick + 1 - live.e
    ((_, closed),) = live.attacked.of(WorldClosed)
    assert closed.body.wh["tapped"] == pytest.approx(6000.0 * drawn_s / 3600.0, abs=1e-6)
    clean, attacked = (readings(run, "feeder/west") for run in (live.clean, live.attacked))
    assert attacked[300] - clean[300] == pytest.approx(100.0 * (300 - live.e) / 60.0 / 0.97, rel=0.05)
    for until in (360, 420, 480):
        assert attacked[until] - clean[until] == pytest.approx(100.0 / 0.97, rel=0.05)
    assert attacked[600] == clean[600]
    name = f"chargers/{west(live.clean)}"
    assert readings(live.attacked, name) == readings(live.clean, name)


# ---- false meters


def to_misread_chargers(run: Run) -> Ask:
    asked = {"reads_factor": 0.5, "offset_wh": 50.0}
    return Ask(start("charger.false-meter", west(run), **asked), 250, 500)


def to_misread_feeder(run: Run) -> Ask:
    asked = {"reads_factor": 0.5, "offset_wh": 50.0}
    return Ask(start("grid.false-meter", "west", **asked), 250, 500)


def misread(live: Live, lying: str, honest: str) -> None:
    for meter in (lying, honest):
        clean, attacked = readings(live.clean, meter), readings(live.attacked, meter)
        for until, wh in clean.items():
            lies = meter == lying and live.e <= until <= live.ask.stop_tick
            assert attacked[until] == pytest.approx(0.5 * wh + 50.0 if lies else wh, abs=2e-3), (meter, until)
    ((_, a),), ((_, b),) = live.clean.of(WorldClosed), live.attacked.of(WorldClosed)
    assert a.body.wh == b.body.wh


def chargers_misread(live: Live) -> None:
    misread(live, f"chargers/{west(live.clean)}", "feeder/west")


def feeder_misread(live: Live) -> None:
    misread(live, "feeder/west", f"chargers/{west(live.clean)}")


# ---- grid.outage


def to_cut(run: Run) -> Ask:
    tick, row, site = charging(run) or (250, 0, west(run))
    return Ask(start("grid.outage", zone_of(run, site)[0], duration_s=3600.0), tick + 9, tick + 59, row)


def cut(live: Live) -> None:
    """Power is gone in the zone from the acknowledged tick on; who was charging stops, and has what it had."""
    changes = [(m.t_ms // 1000, m.body.site, m.body.live) for _, m in live.attacked.of(PowerChanged)]
    caught = charging(live.clean)
    _, sites = zone_of(live.clean, caught[2] if caught else west(live.clean))
    back = live.ask.stop_tick + 1
    assert changes == [(t, site, on) for t, on in ((live.e, False), (back, True)) for site in sites]
    if caught is None:
        return
    assert live.clean.samples[live.e].told_states[live.v] == "charging"
    for tick in range(live.e, live.ask.stop_tick):
        assert live.attacked.samples[tick].told_states[live.v] != "charging"
    before, after = (live.attacked.samples[t].battery_wh[live.v] for t in (live.e - 1, live.e))
    assert after == pytest.approx(before), "a pack is swapped whole or not at all"


CASES = {
    "charger.tap": Case(to_tap, tapped, SCENE),
    "charger.false-meter": Case(to_misread_chargers, chargers_misread, SCENE),
    "grid.false-meter": Case(to_misread_feeder, feeder_misread, SCENE),
    "grid.outage": Case(to_cut, cut, SCENE),
}
