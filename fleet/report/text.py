"""The summary as plain aligned text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleet.report.summary import Summary

_LABEL = 14
_BECAME = (("product", "products"), ("byproduct", "by-products"), ("sorted", "sorted"), ("lost", "lost"))


def render(summary: Summary) -> str:
    """Some twenty lines; the same summary gives the same text."""
    return "".join(f"{label:<{_LABEL}}{text}\n" for label, text in _lines(summary))


def _lines(s: Summary) -> Iterator[tuple[str, str]]:
    yield "run", ", ".join(part for part in (s.name, f"seed {s.seed}", f"fleet {s.version}".strip()) if part)
    if s.status != "complete":
        yield "status", s.status
    yield "simulated", _time(s)
    yield from _pickups(s)
    yield from _loads(s)
    yield "flown", f"{s.flown_km:,.1f} km in {s.legs:,} legs, {s.flown_wh:,.0f} Wh"
    yield "charged", f"{s.delivered_wh:,.0f} Wh delivered, {s.drawn_wh:,.0f} Wh drawn"
    lost = f"; {s.lost:,} lost" if s.lost else ""
    yield "utilisation", f"{s.utilisation:.1%} of the time of {s.vehicles:,} vehicles{lost}"
    yield "orders", f"{s.orders:,} given, {_causes('refused', s.orders_refused)}"
    if s.earners or s.deposits:
        brought = f"{s.deposited_kg:,.1f} kg brought in {s.deposits:,} deposits"
        yield "citizens", f"{s.credits:,.2f} credits to {s.earners:,} of them; {brought}"
    if s.tags_seen:
        by = ", ".join(f"{n:,} by {reader}s" for reader, n in s.tags_seen.items())
        yield "tags", f"{sum(s.tags_seen.values()):,} sightings: {by}"
    if s.troubles:
        yield "trouble", f"{sum(s.troubles.values()):,} honest incidents of {len(s.troubles):,} kinds"
    yield "alerts", f"{s.alerts:,}; {s.quarantined:,} vehicles quarantined"
    if s.residual_kg is None or s.residual_wh is None:
        yield "books", "not closed"
    else:
        yield "books", f"residual {s.residual_kg:.3g} kg, {s.residual_wh:.3g} Wh"
    yield "digest", s.digest or "none"
    yield "digest_world", s.digest_world or "none"


def _time(s: Summary) -> str:
    minutes = round(s.simulated_s / 60.0)
    text = f"{minutes // 60} h {minutes % 60:02d} min"
    if s.wall_s is None or s.speed_factor is None:
        return f"{text}; wall time not known"
    return f"{text} in {s.wall_s:.1f} s of wall time, {s.speed_factor:,.0f} times as fast as real"


def _pickups(s: Summary) -> Iterator[tuple[str, str]]:
    share = f" ({s.served / s.requested:.1%})" if s.requested else ""
    yield "pickups", f"{s.requested:,} requested, {s.served:,} served{share}, {s.open:,} open at the end"
    yield "  in window", f"{s.in_window:,}"
    yield "  late", f"{s.late:,}"
    if s.wait_mean_s is not None and s.wait_p95_s is not None:
        mean_min, most_min = s.wait_mean_s / 60.0, s.wait_p95_s / 60.0
        yield "  waited", f"{mean_min:,.1f} min on the mean, 95 % at most {most_min:,.1f} min"
    yield "  missed", _causes("", s.missed)
    yield "  attempts", _causes("failed", s.failed)


def _loads(s: Summary) -> Iterator[tuple[str, str]]:
    yield "collected", f"{sum(s.collected_kg.values()):,.1f} kg, {sum(s.collected_l.values()):,.0f} l"
    for material, kg in s.collected_kg.items():
        yield f"  {material}", f"{kg:,.1f} kg, {s.collected_l[material]:,.0f} l"
    refused = _causes("refused", s.unloads_refused)
    yield "unloaded", f"{s.unloaded_kg:,.1f} kg in {s.unloads:,} loads, {refused}"
    if s.batches:
        became = ", ".join(
            f"{name} {s.processed_kg[what]:,.1f} kg" for what, name in _BECAME if s.processed_kg[what]
        )
        yield "processed", f"{s.processed_kg['input']:,.1f} kg in {s.batches:,} batches: {became}"


def _causes(word: str, counts: Mapping[str, int]) -> str:
    total = f"{sum(counts.values()):,} {word}".strip()
    return f"{total}: " + ", ".join(f"{cause} {n:,}" for cause, n in counts.items()) if counts else total
