"""Vehicles on a grid: nobody charges in the dark, who flies to a dead charger turns away, nothing gets lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.messages.grid import MeterRead, PowerChanged
from fleet.messages.reports import Charged, VehicleReported
from fleet.sim.build import VehicleSpec
from fleet.sim.grid.params import DeviceParams, FeederParams, GridParams, MeterParams, OutageParams
from fleet.sim.params import DockingParams
from tests.sim.toy import Toy, check_invariants, dock, light, pickup, still

EXACT = MeterParams(interval_min=1, feeder_sigma=0, charger_sigma=0, offset_sigma=0)
CHARGE = DockingParams(charging="charge", charge_c_rate=2.0)
HOME, SWAP = FeederParams(id="h", sites=("home",)), FeederParams(id="s", sites=("swap",))


def world(grid=None, **changes) -> Toy:
    changes.setdefault("sensors", still())
    return Toy(grid=grid or GridParams(feeders=(HOME, SWAP), meters=EXACT), **changes)


def drained(toy, vehicle="v0", share=0.5):
    """Let a vehicle's battery hold so much, straight in the books."""
    body = toy.body(vehicle)
    lost = (1.0 - share) * body.kind.battery_wh
    toy.books.transfer("Wh", ("battery", vehicle), ("flown", ""), lost)
    toy.motion.battery_wh[body.index] -= lost
    return toy


def dark(toy, *sites, on=False):
    toy.annexes.grid.switch(sites, "test", dark=not on)


def outage(sites, begins, ends):
    return OutageParams.model_validate({"sites": sites, "from": begins, "until": ends})


# ---- charging


@pytest.mark.parametrize("docking", [DockingParams(), CHARGE])
def test_a_charge_draws_from_its_feeder_what_it_gives_with_both_losses(docking):
    toy = drained(world(docking=docking), share=0.5)
    toy.order("v0", dock("home", charge=True))
    toy.until("charging").until("idle", most_s=4000).close()
    given = 0.5 * toy.body().kind.battery_wh
    assert toy.battery_wh() == pytest.approx(toy.body().kind.battery_wh)
    assert toy.account("Wh", "grid") == pytest.approx(-given / 0.92 / 0.97)
    assert toy.account("Wh", "feeder-loss") == pytest.approx(given / 0.92 * 0.03 / 0.97)
    assert toy.account("Wh", "charging-loss") == pytest.approx(given / 0.92 - given)
    (said,) = toy.heard(Charged)
    assert said.drawn_wh == pytest.approx(given / 0.92, abs=1e-3)
    check_invariants(toy)


def test_a_charge_that_the_whole_feeder_cannot_bear_takes_longer():
    weak = FeederParams(id="h", sites=("home",), limit_kw=1.0, loss_share=0.0)
    toy = drained(world(GridParams(feeders=(weak, SWAP))), share=0.5)
    toy.order("v0", dock("home", charge=True))
    toy.until("charging")
    began = toy.now_ms
    toy.until("idle", most_s=4000)
    assert (toy.now_ms - began) / 1000 == pytest.approx(0.5 * 599.4 / 0.92 * 3.6, abs=3)


@pytest.mark.parametrize("tapped_kw", [0.0, 0.4, 0.89, 0.91, 1.0])
def test_beside_a_tap_a_charge_takes_longer_or_waits_for_its_end(tapped_kw):
    weak = FeederParams(id="h", sites=("home",), limit_kw=1.0, loss_share=0.0, trip_step_share=1.0)
    toy = drained(world(GridParams(feeders=(weak, SWAP))), share=0.5)
    tap = toy.annexes.grid.tap("home", tapped_kw, ("tapped", ""))
    toy.order("v0", dock("home", charge=True))
    toy.run(300)
    assert toy.body().state == ("charging" if tapped_kw < 0.9 else "queueing")
    if tapped_kw > 0.9:
        tap.stop()
    toy.until("charging")
    began = next(m.t_ms for m in toy.said if isinstance(m.body, VehicleReported) and m.body.state == "charging")
    toy.until("idle", most_s=20_000)
    given_kw = 1.0 - tapped_kw if tapped_kw < 0.9 else 1.0
    assert (toy.now_ms - began) / 1000 == pytest.approx(0.5 * 599.4 / 0.92 * 3.6 / given_kw, abs=3)
    check_invariants(toy)


def test_who_is_charging_when_power_goes_keeps_what_it_has_and_nobody_charges_until_it_is_back():
    toy = drained(world(docking=CHARGE), share=0.3)
    toy.order("v0", dock("home", charge=True))
    toy.until("charging").run(300)
    dark(toy, "home")
    toy.run(1)
    charged = 599.4 * 2.0 * 300 / 3600
    assert toy.battery_wh() == pytest.approx(0.3 * 599.4 + charged, rel=0.01)
    assert toy.body().state == "idle"
    had = toy.battery_wh()
    toy.order("v0", dock("home", charge=True))
    toy.run(600)
    assert toy.battery_wh() == had
    assert [c.live for c in toy.heard(PowerChanged)] == [False]
    dark(toy, "home", on=True)
    toy.order("v0", dock("home", charge=True))
    toy.until("charging").until("idle")
    assert toy.battery_wh() == pytest.approx(599.4)
    check_invariants(toy.close())


def test_a_swap_that_is_cut_off_gives_nothing_and_what_it_drew_is_lost():
    toy = drained(world(), share=0.5)
    toy.order("v0", dock("home", charge=True))
    toy.until("charging").run(40)
    before = toy.account("Wh", "charging-loss")
    dark(toy, "home")
    toy.run(1)
    assert toy.battery_wh() == pytest.approx(0.5 * 599.4)
    assert toy.account("Wh", "charging-loss") - before == pytest.approx(0.5 * 599.4 / 0.92 * 41 / 90, rel=0.05)
    check_invariants(toy.close())


def test_who_waits_for_a_place_when_power_goes_waits_no_longer():
    toy = drained(drained(world(docking=CHARGE), "v0", 0.4), "v1", 0.4)
    toy.order("v0", dock("home", charge=True))
    toy.order("v1", dock("home", charge=True))
    toy.until("charging").run(60)
    assert toy.body("v1").state == "queueing"
    dark(toy, "home")
    toy.run(2)
    assert [toy.body(v).state for v in ("v0", "v1")] == ["idle", "idle"]
    check_invariants(toy.close())


def test_feeders_serve_in_the_order_of_arrival():
    both = FeederParams(id="b", sites=("home", "swap"), limit_kw=1.5)
    toy = world(GridParams(feeders=(both,)), docking=CHARGE)
    drained(drained(toy, "v0", 0.4), "v1", 0.9)
    toy.order("v0", dock("home", charge=True))
    toy.order("v1", dock("swap", charge=True))
    toy.until("queueing", "v1")
    assert toy.body("v0").state == "charging"
    before = toy.battery_wh("v1")
    toy.until("idle", "v0")
    assert toy.body("v1").state == "charging"
    assert toy.battery_wh("v1") == before
    check_invariants(toy.until("idle", "v1").close())
    assert toy.battery_wh("v1") == pytest.approx(599.4)


# ---- in the air


def test_who_flies_to_a_charger_that_goes_dark_turns_to_a_live_one():
    toy = drained(world(), share=0.7)
    toy.order("v0", dock("swap", charge=True))
    toy.until("cruising").run(20)
    dark(toy, "swap")
    toy.until("idle", most_s=1000)
    assert toy.body().site == "home"
    assert [c.site for c in toy.heard(Charged)] == ["home"]
    assert "lost" not in toy.states()
    check_invariants(toy.close())


def test_who_comes_to_unload_at_a_dark_site_unloads_and_is_not_charged():
    toy = drained(world(), share=0.9)
    toy.order("v0", pickup(0), dock("home", unload=True, charge=True))
    toy.run(10)
    dark(toy, "home")
    toy.until("idle", most_s=1000)
    assert toy.body().site == "home"
    assert not toy.heard(Charged)
    assert toy.body().load_kg == 0.0


def test_who_finds_no_live_charger_in_reach_waits_at_a_dark_one_and_is_charged_when_power_is_back():
    toy = world(types={**light(battery_wh=150.0)}, vehicles=(VehicleSpec("v0", "odd", "home"),))
    dark(toy, "swap", "home")
    toy.order("v0", pickup(2), pickup(1), dock("home", unload=True, charge=True))
    toy.until("grounded", most_s=2000)
    assert toy.body().site in ("home", "swap")
    assert toy.battery_wh() >= toy.body().kind.reserve_wh
    toy.run(600)
    assert not toy.heard(Charged)
    dark(toy, "swap", "home", on=True)
    toy.until("charging")
    check_invariants(toy.close())


# ---- spare packs


def test_spare_packs_are_swapped_in_the_dark_as_long_as_they_last():
    grid = GridParams(feeders=(HOME, SWAP), spare_wh_per_charger=400.0, spare_kw_per_charger=2.0)
    toy = drained(drained(world(grid), "v0", 0.5), "v1", 0.5)
    dark(toy, "home")
    for vehicle in ("v0", "v1"):
        toy.order(vehicle, dock("home", charge=True))
        toy.run(300)
    assert toy.battery_wh("v0") == pytest.approx(599.4)
    assert toy.battery_wh("v1") == pytest.approx(0.5 * 599.4)
    assert toy.account("Wh", "grid") == 0.0
    dark(toy, "home", on=True)
    toy.run(600)
    assert toy.account("Wh", "packs") == pytest.approx(800.0), "charged again: two sites with a charger each"
    check_invariants(toy.close())


# ---- meters


def test_meters_read_what_went_through_them():
    toy = drained(world(), share=0.5)
    toy.order("v0", dock("home", charge=True))
    toy.run(600).close()
    read = dict.fromkeys(("feeder/h", "chargers/home", "feeder/s", "chargers/swap"), 0.0)
    for reading in toy.heard(MeterRead):
        assert reading.until_ms - reading.from_ms == 60_000
        read[reading.meter] += reading.wh
    drawn = 0.5 * 599.4 / 0.92
    assert read["chargers/home"] == pytest.approx(drawn, abs=0.02)
    assert read["feeder/h"] == pytest.approx(drawn / 0.97, abs=0.02)
    assert read["feeder/s"] == read["chargers/swap"] == 0.0


def test_meters_are_off_by_their_stated_errors():
    odd = MeterParams(interval_min=1, feeder_sigma=0.01, charger_sigma=0.0, offset_sigma=0.02)
    shares = []
    for seed in range(12):
        toy = world(GridParams(feeders=(HOME, SWAP), meters=odd), seed=seed)
        toy.annexes.grid.tap("home", 60.0, ("tapped", ""))
        toy.run(600).close()
        read = [r.wh / (1000.0 / 0.97) for r in toy.heard(MeterRead) if r.meter == "feeder/h"][1:]
        assert len(set(read)) > 5
        assert max(read) - min(read) < 0.08
        shares.append(sum(read) / len(read) - 1.0)
    assert 0.005 < max(abs(share) for share in shares) < 0.08


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        ("23:00", "01:00", [(60, False), (180, True)]),
        ("21:00", "23:00", [(0, False), (60, True)]),
        ("23:00", "22:30", [(0, False), (30, True)]),
        ("02:00", "21:00", [(240, False)]),
    ],
)
def test_an_outage_by_the_clock_also_over_midnight(begins, ends, said):
    """Once, in a run from ten in the evening to three in the morning; times in minutes since it began."""
    toy = world(GridParams(feeders=(HOME, SWAP), outages=(outage(["home"], begins, ends),)), start_hour=22.0)
    toy.run(5 * 3600).close()
    assert [(m.t_ms / 60_000, m.body.live) for m in toy.said if isinstance(m.body, PowerChanged)] == said


# ---- devices


def device(**changes):
    plain = {"id": "d", "site": "home", "cached_kg": 10.0, "kw_per_kg": 2.0}
    return DeviceParams.model_validate(plain | changes)


def test_cached_material_taps_the_feeder_past_the_meters_of_chargers():
    feeder = FeederParams(id="h", sites=("home",), limit_kw=100.0, loss_share=0.0)
    toy = world(GridParams(feeders=(feeder, SWAP), devices=(device(),), meters=EXACT)).run(1800).close()
    assert toy.account("Wh", "tapped") == pytest.approx(10_000.0, rel=1e-3)
    read = [r for r in toy.heard(MeterRead) if r.meter == "feeder/h"]
    assert read[5].wh == pytest.approx(20_000.0 / 60)
    assert all(r.wh == 0.0 for r in toy.heard(MeterRead) if r.meter == "chargers/home")
    assert toy.account("kg", "cached") == 10.0
    check_invariants(toy)


@pytest.mark.parametrize(
    ("on_at", "off_at", "hours"),
    [
        ("01:00", "02:30", 1.5),
        ("21:00", "23:00", 1.0),
        ("01:00", None, 2.0),
        (None, "01:00", 3.0),
        (None, None, 5.0),
    ],
)
def test_a_device_is_switched_by_the_clock_also_after_midnight(on_at, off_at, hours):
    toy = world(GridParams(devices=(device(on_at=on_at, off_at=off_at),)), start_hour=22.0).run(5 * 3600).close()
    assert toy.account("Wh", "tapped") == pytest.approx(20_000.0 * hours, rel=1e-3)


def test_a_tap_that_grows_does_not_jump_and_trips_only_when_it_is_too_much():
    feeder = FeederParams(id="h", sites=("home",), limit_kw=30.0, loss_share=0.0, trip_step_share=0.4)
    toy = world(GridParams(feeders=(feeder, SWAP)))
    tap = toy.annexes.grid.tap("home", 10.0, ("tapped", ""))
    toy.run(360)
    toy.annexes.grid.grow(tap, 20.0)
    toy.run(360)
    assert tap.drawn_wh() == pytest.approx(3000.0)
    assert not toy.heard(PowerChanged)
    toy.annexes.grid.grow(tap, 31.0)
    assert toy.annexes.grid.feeders["h"].head_kw == 0.0
    toy.run(360)
    assert tap.drawn_wh() == pytest.approx(3000.0)
    assert [change.live for change in toy.heard(PowerChanged)] == [False]
    check_invariants(toy.close())


@pytest.mark.parametrize(
    ("limit_kw", "on_at", "off_at", "dark_min"),
    [(15.0, "00:10", None, 10), (30.0, "00:10", None, 10), (60.0, "00:10", "00:20", None)],
)
def test_a_device_that_is_too_much_for_its_feeder_trips_it(limit_kw, on_at, off_at, dark_min):
    feeder = FeederParams(id="h", sites=("home",), limit_kw=limit_kw, reclose_min=5)
    toy = world(GridParams(feeders=(feeder, SWAP), devices=(device(on_at=on_at, off_at=off_at),)))
    toy.run(14 * 60)
    went = [m.t_ms / 60_000 for m in toy.said if isinstance(m.body, PowerChanged) and not m.body.live]
    assert went == ([] if dark_min is None else [dark_min])
    toy.run(600)
    check_invariants(toy.close())


def test_switching_off_a_large_part_of_the_load_trips_the_feeder_and_power_comes_back():
    feeder = FeederParams(id="h", sites=("home",), limit_kw=39.0, reclose_min=5, trip_step_share=0.6)
    grid = GridParams(feeders=(feeder, SWAP), devices=(device(cached_kg=10.0, on_at="00:05", off_at="00:20"),))
    toy = world(grid)
    toy.run(19 * 60)
    assert not toy.heard(PowerChanged)
    strict = FeederParams(id="h", sites=("home",), limit_kw=39.0, reclose_min=5, trip_step_share=0.5)
    toy = world(GridParams(feeders=(strict, SWAP), devices=grid.devices)).run(40 * 60)
    said = [(m.t_ms / 60_000, m.body.live) for m in toy.said if isinstance(m.body, PowerChanged)]
    assert said == [(5, False), (10, True), (20, False), (25, True)]


def test_what_a_device_hoards_is_missing_from_the_stock_of_its_site():
    toy = world(
        GridParams(devices=(device(cached_kg=0.0, material="paper", deposit_kg=0.6, deposit_every_min=5),))
    )
    toy.order("v0", pickup(0), dock("home", unload=True))
    toy.until("idle", most_s=1000).run(1200).close()
    assert toy.account("kg", "cached") == pytest.approx(1.0)
    assert toy.account("kg", "stock") == pytest.approx(0.0)
    assert toy.account("Wh", "tapped") > 0.0
    check_invariants(toy)


# ---- all of it at once


@settings(max_examples=15)
@given(
    limits=st.lists(st.floats(0.5, 40.0), min_size=2, max_size=2),
    together=st.booleans(),
    times=st.lists(
        st.tuples(st.sampled_from(["home", "swap"]), st.integers(0, 40), st.integers(1, 30)), max_size=3
    ),
    charging=st.sampled_from(["swap", "charge"]),
    spare=st.sampled_from([0.0, 300.0]),
    tap_kg=st.floats(0.0, 6.0),
    seed=st.integers(0, 99),
)
def test_whatever_the_grid_does_nobody_falls_and_every_watt_hour_is_somewhere(
    limits, together, times, charging, spare, tap_kg, seed
):
    feeders = (
        (FeederParams(id="b", sites=("home", "swap"), limit_kw=limits[0]),)
        if together
        else tuple(
            FeederParams(id=s, sites=(s,), limit_kw=kw) for s, kw in zip(("home", "swap"), limits, strict=True)
        )
    )
    clock = [f"{m // 60:02d}:{m % 60:02d}" for m in range(120)]
    grid = GridParams(
        feeders=feeders,
        outages=tuple(outage([site], clock[begin], clock[begin + length]) for site, begin, length in times),
        devices=(device(cached_kg=tap_kg),),
        spare_wh_per_charger=spare,
    )
    toy = Toy(seed=seed, grid=grid, docking=DockingParams(charging=charging, charge_c_rate=3.0))
    live = toy.annexes.grid.live

    def watch(toy) -> None:
        for feeder in toy.annexes.grid.feeders.values():
            assert feeder.head_kw <= feeder.limit_kw * (1 + 1e-9)
        for body in toy.world.bodies:
            if body.state == "charging" and not live(body.site):
                assert spare
                assert charging == "swap"

    toy.watch = watch
    home = dock("home", unload=True, charge=True)
    for round_ in range(3):
        toy.order("v0", pickup(2 * round_ % 4), pickup(1), home, dock("swap", charge=True), append=True)
        toy.order("v1", pickup((2 * round_ + 1) % 4), dock("swap", charge=True), home, append=True)
        toy.run(1400)
    toy.close()
    check_invariants(toy)
    for vehicle in ("v0", "v1"):
        assert "lost" not in toy.states(vehicle)
        assert toy.battery_wh(vehicle) >= toy.body(vehicle).kind.reserve_wh - 1e-6
