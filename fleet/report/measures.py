"""A run as a flat list of named numbers, to be compared with other runs: summary, access by district, plants.

Districts count in means and spreads with the pickups requested there. A measure without a value (a mean of
nothing) is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from fleet.report.districts import District, Districts
from fleet.report.spread import gini, most_over_least, variation
from fleet.report.summary import Summary

MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "requested": "pickups requested",
        "served_share": "served, share of the requested",
        "in_window_share": "served in their window, share of the requested",
        "wait_mean_min": "waited, mean, min",
        "wait_p95_min": "waited, 95 % at most, min",
        "collected_kg": "collected, kg",
        "unloaded_kg": "weighed in at facilities, kg",
        "unloads": "loads weighed in",
        "kg_per_load": "mass of a load, kg",
        "unloads_refused": "loads refused by facilities",
        "busiest_share": "busiest facility, share of the mass weighed in",
        "flown_km": "travelled, km",
        "km_per_pickup": "travelled per pickup served, km",
        "flown_kwh": "energy travelled with, kWh",
        "drawn_kwh": "energy drawn by chargers, kWh",
        "wh_per_kg": "energy travelled with per kg collected, Wh",
        "utilisation": "utilisation of vehicles, share of time",
        "lost": "vehicles lost",
        "nearest_km": "straight way to the nearest facility, mean, km",
        "brought_km": "straight way to the facility it was brought to, mean, km",
        "carried_km": "way a pickup was carried, mean, km",
        "nearest_gini": "way to the nearest facility over districts, Gini",
        "nearest_variation": "way to the nearest facility over districts, coefficient of variation",
        "nearest_most_over_least": "way to the nearest facility, worst district over best",
        "served_least_share": "served in the worst district, share",
        "served_gini": "served share over districts, Gini",
        "served_most_over_least": "served share, best district over worst",
        "wait_most_over_least": "waited, worst district over best",
        "wait_gini": "waited over districts, Gini",
        "processed_kg": "processed by plants, kg",
        "made_kg": "products made by plants, kg",
        "left_kg": "by-products left by plants, kg",
        "batches": "batches of plants",
        "plant_kwh": "energy of plants, kWh",
        "plant_wh_per_kg": "energy of plants per kg processed, Wh",
    }
)
"""Every measure of a run, and its name for people."""

OF_DISTRICT: Mapping[str, str] = MappingProxyType(
    {
        "requested": "requested in *",
        "served_share": "served in *, share",
        "wait_mean_min": "waited in *, mean, min",
        "nearest_km": "straight way to the nearest facility from *, km",
        "brought_km": "straight way to the facility from *, km",
        "carried_km": "way a pickup from * was carried, km",
    }
)
"""Every measure of one district, called `districts.<id>.<measure>`; `*` stands for the district."""

DISTRICTS = "districts"


def title_of(name: str) -> str | None:
    """The name for people of a measure, or of a measure of a district or of all (`*`); None if there is none such.

    >>> title_of("flown_km"), title_of("districts.*.served_share"), title_of("districts.market.x")
    ('travelled, km', 'served in *, share', None)
    """
    if name in MEASURES:
        return MEASURES[name]
    head, _, rest = name.partition(".")
    district, _, measure = rest.rpartition(".")
    if head != DISTRICTS or not district or measure not in OF_DISTRICT:
        return None
    return OF_DISTRICT[measure].replace("*", district)


def measures_of(summary: Summary, districts: Districts, plant_kwh: float) -> dict[str, float | None]:
    """Every measure of a run, by the names of `MEASURES`, then those of each district.

    `plant_kwh` is what batches of plants drew (`fleet.report.tally.Tally`).
    """
    each = districts.districts()
    found = {
        **_of_summary(summary),
        "busiest_share": districts.busiest_share,
        **_of_access(each),
        **_of_plants(summary, plant_kwh),
    }
    for district in each:
        found |= {f"{DISTRICTS}.{district.id}.{name}": value for name, value in _of_district(district).items()}
    return found


def _of_summary(s: Summary) -> dict[str, float | None]:
    kg = sum(s.collected_kg.values())
    return {
        "requested": s.requested,
        "served_share": _ratio(s.served, s.requested),
        "in_window_share": _ratio(s.in_window, s.requested),
        "wait_mean_min": _scaled(s.wait_mean_s, 60.0),
        "wait_p95_min": _scaled(s.wait_p95_s, 60.0),
        "collected_kg": kg,
        "unloaded_kg": s.unloaded_kg,
        "unloads": s.unloads,
        "kg_per_load": _ratio(s.unloaded_kg, s.unloads),
        "unloads_refused": sum(s.unloads_refused.values()),
        "flown_km": s.flown_km,
        "km_per_pickup": _ratio(s.flown_km, s.served),
        "flown_kwh": s.flown_wh / 1000.0,
        "drawn_kwh": s.drawn_wh / 1000.0,
        "wh_per_kg": _ratio(s.flown_wh, kg),
        "utilisation": s.utilisation,
        "lost": s.lost,
    }


def _of_access(districts: Sequence[District]) -> dict[str, float | None]:
    near, near_weights = _valued(districts, lambda d: d.nearest_mean_m)
    waits, wait_weights = _valued(districts, lambda d: d.wait_mean_s)
    served, weights = _valued(districts, lambda d: d.served_share)
    return {
        "nearest_km": _mean_km(districts, lambda d: d.nearest_mean_m, lambda d: d.requested),
        "brought_km": _mean_km(districts, lambda d: d.brought_mean_m, lambda d: d.served),
        "carried_km": _mean_km(districts, lambda d: d.carried_mean_m, lambda d: d.served),
        "nearest_gini": gini(near, near_weights),
        "nearest_variation": variation(near, near_weights),
        "nearest_most_over_least": most_over_least(near),
        "served_least_share": min(served, default=None),
        "served_gini": gini(served, weights),
        "served_most_over_least": most_over_least(served),
        "wait_most_over_least": most_over_least(waits),
        "wait_gini": gini(waits, wait_weights),
    }


def _of_plants(summary: Summary, kwh: float) -> dict[str, float | None]:
    """What is sorted goes back into stock and is processed again, so a kilogram may be processed twice."""
    became = summary.processed_kg
    processed_kg = became.get("input", 0.0)
    return {
        "processed_kg": processed_kg,
        "made_kg": became.get("product", 0.0),
        "left_kg": became.get("byproduct", 0.0),
        "batches": summary.batches,
        "plant_kwh": kwh,
        "plant_wh_per_kg": _ratio(1000.0 * kwh, processed_kg),
    }


def _of_district(district: District) -> dict[str, float | None]:
    return {
        "requested": district.requested,
        "served_share": district.served_share,
        "wait_mean_min": _scaled(district.wait_mean_s, 60.0),
        "nearest_km": _scaled(district.nearest_mean_m, 1000.0),
        "brought_km": _scaled(district.brought_mean_m, 1000.0),
        "carried_km": _scaled(district.carried_mean_m, 1000.0),
    }


def _valued(
    districts: Sequence[District], value_of: Callable[[District], float | None]
) -> tuple[list[float], list[float]]:
    """The values of those districts that have one, and their weights."""
    found = [(value, float(d.requested)) for d in districts if (value := value_of(d)) is not None]
    return [value for value, _ in found], [weight for _, weight in found]


def _mean_km(
    districts: Sequence[District],
    value_of: Callable[[District], float | None],
    weight_of: Callable[[District], int],
) -> float | None:
    found = [(value, weight_of(d)) for d in districts if (value := value_of(d)) is not None]
    total = sum(weight for _, weight in found)
    return sum(value * weight for value, weight in found) / total / 1000.0 if total else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit
