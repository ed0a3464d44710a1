"""What a scenario says under `grid`."""

from __future__ import annotations

from pydantic import Field, model_validator

from fleet.base.clock import ClockTime, clock_ms
from fleet.base.params import MaterialName, NonNegative, Params, Positive, refusal


class FeederParams(Params):
    """A line from the substation to some sites."""

    id: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$", description="its name; its meter is feeder/ID")
    limit_kw: float = Field(630.0, ge=0.001, le=1e6, description="what it carries at its head, losses included")
    loss_share: float = Field(0.03, ge=0.0, lt=0.5, description="of what is sent, lost on the way")
    sites: tuple[str, ...] = Field(min_length=1, description="ids of the sites that hang on it")
    zone: str = Field("", description="its zone, which an outage may name; its own id where none is given")
    trip_step_share: float = Field(
        0.5, gt=0.0, le=1.0, description="a sudden step of its load by more than this share of the limit trips it"
    )
    reclose_min: float = Field(15.0, ge=1, le=1440, description="after a trip it is dead for so long")

    @property
    def area(self) -> str:
        """The zone it is in."""
        return self.zone or self.id


class OutageParams(Params):
    """A time without power in a zone, on feeders, at sites, or at a share of all charger places, drawn by
    chance."""

    zone: str | None = Field(None, description="every feeder of this zone")
    feeders: tuple[str, ...] = Field((), description="these feeders")
    sites: tuple[str, ...] = Field((), description="these sites, on a feeder or not")
    share_of_chargers: float | None = Field(
        None, gt=0.0, le=1.0, description="whole sites, drawn until so many of all charger places are dead"
    )
    from_: ClockTime = Field(alias="from", description="by the city's clock")
    until: ClockTime = Field(description="when power is back; a time before `from` is on the next day")

    @model_validator(mode="after")
    def _is_one_thing_for_a_time(self) -> OutageParams:
        named = (self.zone is not None, bool(self.feeders), bool(self.sites), self.share_of_chargers is not None)
        if sum(named) != 1:
            raise refusal("one of zone, feeders, sites, share_of_chargers", at=["from"])
        if clock_ms(self.until) == clock_ms(self.from_):
            raise refusal(f"a time after {self.from_}", at=["until"])
        return self


class DeviceParams(Params):
    """Something that draws from a feeder, past every charger's meter, as long as cached material lies in it.

    It draws `kw_per_kg` for each kilogram of its cache. It is not asked whether the feeder can bear that.
    """

    id: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$", description="its name in the books")
    site: str = Field(description="where it hangs on the grid, and whose stock it takes from")
    material: MaterialName = Field("e-waste", description="what is cached")
    cached_kg: NonNegative = Field(0.0, le=1e6, description="what lies in it when the run starts")
    kw_per_kg: Positive = Field(1.0, le=1e4, description="what it draws for each kilogram in it")
    deposit_kg: NonNegative = Field(0.0, le=1e6, description="each time, from the stock of its site")
    deposit_every_min: float = Field(60.0, ge=1, le=1440, description="how often it takes something")
    on_at: ClockTime | None = Field(
        None, description="the next time that the clock shows it, it is switched on; without it, from the start"
    )
    off_at: ClockTime | None = Field(None, description="when it is switched off; never where none is given")

    @model_validator(mode="after")
    def _goes_on_first(self) -> DeviceParams:
        if self.off_at is not None and self.on_at is not None and clock_ms(self.off_at) <= clock_ms(self.on_at):
            raise refusal(f"a time after {self.on_at}", at=["off_at"])
        return self


class MeterParams(Params):
    """How well meters count, one sigma, as shares of a reading."""

    interval_min: float = Field(15.0, ge=1, le=1440, description="how often they are read")
    feeder_sigma: float = Field(0.005, ge=0, le=0.5, description="of each reading of a feeder's meter")
    charger_sigma: float = Field(0.005, ge=0, le=0.5, description="of each reading of a site's meter")
    offset_sigma: float = Field(0.005, ge=0, le=0.5, description="what each meter is off by all along, drawn once")


class GridParams(Params):
    """The electricity of the city: feeders, meters, outages, and what hangs on them.

    A site on no feeder has all the power it wants, unless an outage names it. Where there are feeders, each site
    with chargers must hang on one.
    """

    feeders: tuple[FeederParams, ...] = Field((), max_length=1000, description="lines, and the sites on them")
    meters: MeterParams = MeterParams()
    """Errors of all meters, and how often they are read."""
    outages: tuple[OutageParams, ...] = Field(
        (), max_length=1000, description="times without power, by zone or site"
    )
    devices: tuple[DeviceParams, ...] = Field((), max_length=1000, description="what taps a feeder, unseen")
    spare_wh_per_charger: NonNegative = Field(
        0.0, le=1e6, description="in charged spare packs of a site, for each place: what it can swap in the dark"
    )
    spare_kw_per_charger: float = Field(
        1.0, ge=0.001, le=1e3, description="at which spare packs are charged again"
    )

    @property
    def stated(self) -> bool:
        """Whether there is anything under `grid` that a run must heed."""
        return bool(self.feeders or self.outages or self.devices or self.spare_wh_per_charger)

    @model_validator(mode="after")
    def _has_each_id_once(self) -> GridParams:
        for what, things in (("feeders", self.feeders), ("devices", self.devices)):
            ids = [thing.id for thing in things]
            for number, name in enumerate(ids):
                if name in ids[:number]:
                    raise refusal("an id that no other has", at=[what, number, "id"])
        return self
