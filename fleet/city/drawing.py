"""A map as a picture: buildings, streets, zones by what they protect, sites, pickup points, a few legal paths.

matplotlib is an extra (`plot`); it is loaded when something is drawn, and the one message when it is missing
says how to get it.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import Polygon

from fleet.base.errors import UsageError
from fleet.city.airspace import ROOF_CLEARANCE_M, obstacles
from fleet.city.model import City, Place, Site, Zone
from fleet.city.sample import sample_paths

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PX = 1200
HEIGHT_M = 80.0
"""The height that is drawn unless another is asked for: the built-in vehicles' cruise height."""

_DPI = 100
_PALETTE = (6, 2, 8, 10, 12, 16, 4, 18, 9, 3, 17, 5)
"""Of matplotlib's tab20, without its blues (water) and greys (buildings). Kinds beyond these share the last."""
_BORDER: dict[str, Any] = {"edgecolor": "#9a9a9a", "linewidth": 0.8, "linestyle": (0, (4, 3))}
_GROUND = {"water": "#a9cfe8", "wetland": "#c3dde0", "residential": "#f4f2ee", "commercial": "#f1ece4"}
_GREEN = dict.fromkeys(("wood", "grass", "park", "pitch", "farmland", "scrub", "cemetery"), "#d5e8cd")
_OTHER_GROUND = "#eae7e1"
_STYLES = (
    ("base", "s", "#10355f", 110),
    ("facility", "^", "#0a6b3d", 120),
    ("charging pad", "P", "#6f42c1", 80),
)


def png(city: City, height_m: float = HEIGHT_M, width_px: int = WIDTH_PX) -> bytes:
    """The city as a PNG of `width_px` pixels; what closes the sky is that for a cruise at `height_m`.

    Raises `UsageError` when matplotlib is not installed.
    """
    figure = draw(city, height_m, width_px)
    buffer = io.BytesIO()
    # Without the program's version in it, the same city gives the same bytes wherever the fonts are the same.
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def png_if_possible(city: City) -> bytes | None:
    """`png`, or None when matplotlib is not installed."""
    try:
        return png(city)
    except UsageError:
        return None


def html(city: City) -> str:
    """The city for a notebook: the picture, or what is on the map in words when matplotlib is not installed."""
    picture = png_if_possible(city)
    if picture is not None:
        return f'<img alt="{escape(city.name)}" src="data:image/png;base64,{b64encode(picture).decode()}">'
    parts = {
        "buildings": city.buildings,
        "zones": city.zones,
        "sites": city.sites,
        "pickup points": city.pickup_points,
        "streets": city.streets,
    }
    words = ", ".join(f"{len(part):,} {name}" for name, part in parts.items())
    how = "with <code>pip install 'fleet-orchestrator[plot]'</code> this is a picture"
    return f"<b>{escape(city.name)}</b>: {words}<br><small>{escape(city.attribution)}; {how}</small>"


def draw(city: City, height_m: float = HEIGHT_M, width_px: int = WIDTH_PX) -> Figure:
    """The city as a matplotlib figure, to be shown, changed or saved in another format."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise UsageError("drawing needs matplotlib: pip install 'fleet-orchestrator[plot]'") from None
    west, south, east, north = _extent(city)
    side_in = width_px / _DPI
    tall = min(1.6, max(0.6, (north - south) / max(1.0, east - west)))
    figure = Figure(figsize=(side_in, side_in * 0.755 * tall / 0.935), dpi=_DPI)
    axes: Axes = figure.add_axes((0.01, 0.03, 0.755, 0.935))
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("equal", adjustable="box", anchor="NW")
    axes.set_axis_off()
    _ground(axes, city)
    _sky(axes, city, height_m)
    _places(axes, city)
    _furniture(figure, axes, city, height_m)
    return figure


def _extent(city: City) -> tuple[float, float, float, float]:
    """What must be seen: everything but streets and zones, which may lead far out; with a margin."""
    boxes = [a.bounds for a in (*(b.footprint for b in city.buildings), *(d.area for d in city.districts))]
    spots: list[Site | Place] = [*city.sites, *city.pickup_points, *city.anchors]
    boxes += [(p.x_m, p.y_m, p.x_m, p.y_m) for p in spots]
    boxes = boxes or [z.area.bounds for z in city.zones] or [(-500.0, -500.0, 500.0, 500.0)]
    low, high = np.array(boxes)[:, :2].min(axis=0), np.array(boxes)[:, 2:].max(axis=0)
    margin = max(20.0, 0.02 * float((high - low).max()))
    return (
        float(low[0]) - margin,
        float(low[1]) - margin,
        float(high[0]) + margin,
        float(high[1]) + margin,
    )


def _areas(axes: Axes, areas: Iterable[Polygon], **style: Any) -> None:
    """Polygons with their holes, as one collection."""
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    paths = [
        Path.make_compound_path(
            *(Path(shapely.get_coordinates(ring), closed=True) for ring in (area.exterior, *area.interiors))
        )
        for area in areas
    ]
    if paths:
        axes.add_collection(PathCollection(paths, **style), autolim=False)


def _lines(axes: Axes, lines: Iterable[Any], **style: Any) -> None:
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(list(lines), **style), autolim=False)


def _ground(axes: Axes, city: City) -> None:
    colours = {**_GROUND, **_GREEN}
    for n, cover in enumerate(sorted(city.covers, key=lambda c: (c.kind == "water", -c.area.area))):
        colour = colours.get(cover.kind, _OTHER_GROUND)
        _areas(axes, [cover.area], facecolor=colour, edgecolor="none", zorder=1.0 + 1e-4 * min(n, 9000))
    _areas(axes, [d.area for d in city.districts], facecolor="none", zorder=2, **_BORDER)
    _lines(
        axes,
        [shapely.get_coordinates(street.line) for street in city.streets],
        color="#c9c4ba",
        linewidth=0.7,
        zorder=2.2,
    )


def _sky(axes: Axes, city: City, height_m: float) -> None:
    tall = [b.footprint for b in city.buildings if b.height_m + ROOF_CLEARANCE_M > height_m]
    low = [b.footprint for b in city.buildings if b.height_m + ROOF_CLEARANCE_M <= height_m]
    _areas(axes, low, facecolor="#d8d2c8", edgecolor="#b7b0a3", linewidth=0.3, zorder=3)
    _areas(axes, tall, facecolor="#8b7d6b", edgecolor="#5d5346", linewidth=0.4, zorder=3.1)
    for reason, colour in _colours(city.zones).items():
        here = [z for z in city.zones if z.reason == reason and z.restriction != "none"]
        shut = [z.area for z in here if _in_the_way(z, height_m)]
        rest = [z.area for z in here if not _in_the_way(z, height_m)]
        _areas(axes, shut, facecolor=colour, edgecolor=colour, alpha=0.38, linewidth=1.0, zorder=4)
        _areas(axes, rest, facecolor="none", edgecolor=colour, linewidth=1.0, linestyle="--", zorder=4)
    _areas(axes, obstacles(city, height_m), facecolor="none", edgecolor="#b03030", linewidth=0.5, zorder=4.5)
    paths = sample_paths(city, height_m)
    _lines(axes, paths, color="white", linewidth=3.2, zorder=5)
    _lines(axes, paths, color="#0057d8", linewidth=1.6, zorder=5.1)


def _in_the_way(zone: Zone, height_m: float) -> bool:
    """Whether a zone closes this height all the time."""
    return zone.floor_m <= height_m < zone.ceiling_m and not zone.times


def _colours(zones: Sequence[Zone]) -> dict[str, Any]:
    """A colour for each reason, the same for the same set of reasons; those beyond the palette share one."""
    from matplotlib import colormaps

    palette = colormaps["tab20"].colors  # type: ignore[attr-defined]  # only listed colormaps have it
    reasons = sorted({zone.reason for zone in zones})
    return {reason: palette[_PALETTE[min(n, len(_PALETTE) - 1)]] for n, reason in enumerate(reasons)}


def _role(site: Site) -> str:
    if site.base:
        return "base"
    return "facility" if site.accepts else "charging pad"


def _places(axes: Axes, city: City) -> None:
    axes.scatter(
        [p.x_m for p in city.pickup_points], [p.y_m for p in city.pickup_points], s=9, color="#c44e00", zorder=6
    )
    axes.scatter(
        [p.x_m for p in city.anchors],
        [p.y_m for p in city.anchors],
        s=14,
        marker="x",
        color="#8a8a8a",
        linewidths=0.8,
        zorder=5.5,
    )
    for role, marker, colour, size in _STYLES:
        here = [site for site in city.sites if _role(site) == role]
        axes.scatter(
            [s.x_m for s in here], [s.y_m for s in here], s=size, marker=marker, color=colour,
            edgecolors="white", linewidths=1.2, zorder=7,
        )  # fmt: skip


def _furniture(figure: Figure, axes: Axes, city: City, height_m: float) -> None:
    """Title, legend, scale, north, and whose data it is."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    axes.set_title(f"{city.name}: the sky at {height_m:g} m", loc="left", fontsize=14, pad=6)
    entries = _outlines(city, height_m)
    tall = sum(b.height_m + ROOF_CLEARANCE_M > height_m for b in city.buildings)
    entries += [
        Patch(facecolor="#8b7d6b", label=f"building in the way ({tall:,})"),
        Patch(facecolor="#d8d2c8", label=f"building below ({len(city.buildings) - tall:,})"),
        Line2D([], [], color="#b03030", linewidth=0.8, label="closed ground with clearance"),
        Line2D([], [], color="#0057d8", linewidth=1.6, label="shortest legal path (sample)"),
        Line2D(
            [],
            [],
            color="#c44e00",
            marker="o",
            markersize=4,
            linestyle="",
            label=f"pickup point ({len(city.pickup_points):,})",
        ),
    ]
    for role, marker, colour, _ in _STYLES:
        count = sum(_role(site) == role for site in city.sites)
        if count:
            entries.append(
                Line2D(
                    [], [], color=colour, marker=marker, markersize=9, linestyle="", label=f"{role} ({count:,})"
                )
            )
    if city.anchors:
        entries.append(
            Line2D([], [], color="#8a8a8a", marker="x", linestyle="", label=f"anchor ({len(city.anchors):,})")
        )
    figure.legend(handles=entries, loc="upper left", bbox_to_anchor=(0.765, 0.955), fontsize=10.5, frameon=False)
    _scale(axes)
    figure.text(0.012, 0.008, city.attribution, fontsize=9, color="#555555")


def _outlines(city: City, height_m: float) -> list[Any]:
    """What the legend says of zones, filled and dashed, and of districts."""
    from matplotlib.patches import Patch

    entries = [
        Patch(facecolor=colour, alpha=0.45, label=_zone_label(reason, city.zones))
        for reason, colour in _colours(city.zones).items()
    ]
    if any(zone.restriction != "none" and not _in_the_way(zone, height_m) for zone in city.zones):
        label = "not in the way at this height,\nor only at times"
        entries.append(Patch(facecolor="none", edgecolor="#555555", linestyle="--", label=label))
    if city.districts:
        entries.append(Patch(facecolor="none", label="district border", **_BORDER))
    return entries


def _zone_label(reason: str, zones: Sequence[Zone]) -> str:
    return f"{reason} ({sum(zone.reason == reason for zone in zones):,})"


def _scale(axes: Axes) -> None:
    """A bar of a round length, about a fifth of the width, and an arrow to the north."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    fifth = (east - west) / 5.0
    length = max(step * 10.0**power for power in range(-1, 6) for step in (1, 2, 5) if step * 10.0**power <= fifth)
    x, y, rise = west + 0.03 * (east - west), south + 0.03 * (north - south), 0.008 * (north - south)
    label = f"{length / 1000:g} km" if length >= 1000.0 else f"{length:g} m"
    backing = {"boxstyle": "square,pad=0.25", "facecolor": "white", "alpha": 0.8, "edgecolor": "none"}
    axes.plot([x, x, x + length, x + length], [y + rise, y, y, y + rise], color="black", linewidth=1.8, zorder=8)
    axes.text(x + length / 2, y + 1.5 * rise, label, ha="center", va="bottom", fontsize=11, zorder=8, bbox=backing)
    top = north - 0.02 * (north - south)
    axes.annotate(
        "N", xy=(east - 0.03 * (east - west), top), xytext=(0, -34), textcoords="offset points", ha="center",
        fontsize=12, zorder=8, arrowprops={"arrowstyle": "-|>", "color": "black"}, bbox=backing,
    )  # fmt: skip
