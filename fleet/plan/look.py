"""One pickup held against all gaps of vehicles of one type: the ways to take it in that nothing obvious forbids.

A pickup may go into any gap behind the committed visits, with a dock or none before it and a dock or none behind
it; at the end of a route (and for a vehicle that is not used) with a dock behind it, or with one and another to
end at. What those ways cost at least is known; loads are known, and what time and energy they take at least. So
most are out before any time is reckoned: first whole gaps, then gaps with a dock before or behind, then all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fleet.plan.gaps import Bools, Floats, Gaps, Ints, power_w
from fleet.plan.lots import FAR, Lot, legs_between
from fleet.plan.problem import Pickup

_ROUNDING = 1e-6
"""Kilograms, litres and watt-hours that the bounds allow more, so that only exact times decide about them."""
_FIRST = 32
"""Ways that are sorted at first; often one of them is taken."""
_MANY = 10**6
"""Combinations that are looked at together."""
_DOCKS = 16
"""Docks before, and docks behind a pickup that are looked at where not all gaps are: those at least cost."""


class Choices(NamedTuple):
    """Ways to take a pickup in, one entry each: what they cost more at least, the vehicle, the gap, the dock
    before the pickup, the one behind it, and the one behind that (-1: none)."""

    extra: Ints
    vehicle: Ints
    position: Ints
    before: Ints
    behind: Ints
    end: Ints

    def only(self, chosen: Ints) -> Choices:
        """The chosen ones."""
        return Choices(*(column[chosen] for column in self))


class Wish(NamedTuple):
    """Which ways are wanted: those that may cost less than `below`; of these `vehicles` (by vehicle; None: any);
    with a dock of `via` (None: any); only in the cheapest so many gaps of each type (`most_gaps`); unless `strict`
    those too that cannot be."""

    below: float = math.inf
    vehicles: Bools | None = None
    via: tuple[int, ...] | None = None
    most_gaps: int | None = None
    strict: bool = True


class Look:
    """One pickup held against one lot."""

    def __init__(self, lot: Lot, pickup: Pickup, wish: Wish) -> None:
        self.lot, self.pickup, self.wish, self.kind, self.docks = lot, pickup, wish, lot.kind, lot.docks
        self.bit, self.clash = self.docks.bits[pickup.material], self.docks.clash[pickup.material]
        self.strict = wish.strict
        self.room_kg = self.kind.payload_kg + _ROUNDING - pickup.mass_kg
        self.room_l = self.kind.volume_l + _ROUNDING - pickup.volume_l
        node = np.array([pickup.node], dtype=np.int64)
        self.node = node
        ms, cost, effort = legs_between(lot.ways, self.docks.nodes, node)
        self.from_dock = np.append(ms[:, 0], 0), np.append(cost[:, 0], 0), np.append(effort[:, 0], 0.0)
        ms, cost, effort = legs_between(lot.ways, node, self.docks.nodes)
        self.to_dock = ms[0], cost[0], effort[0]
        self.takes = (self.docks.accepts & self.bit) != 0
        self.useful = self.takes | lot.charges
        self.near: Ints = np.arange(len(self.docks.nodes))

    def choices(self) -> Iterator[Choices]:
        """All ways, in lots."""
        gaps = self._gaps()
        for last in (False, True):
            chosen = np.flatnonzero(gaps.last == last)
            if len(chosen) and (not last or len(self.docks.nodes)):
                yield from self._through(gaps.only(chosen), last=last)

    def _gaps(self) -> Gaps:
        """The gaps that are worth a closer look."""
        gaps, pickup, wish = self.lot.gaps, self.pickup, self.wish
        at = np.arange(len(gaps)) if wish.vehicles is None else np.flatnonzero(wish.vehicles[gaps.vehicle])
        begin = np.maximum(gaps.free_ms[at], pickup.earliest_ms)
        if self.strict:
            done = begin + pickup.service_ms
            at = at[(done <= pickup.latest_ms) & (done <= gaps.loose_ms[at])]
        if not len(at):
            return gaps.only(at)
        there_ms, there_cost, _ = (leg[:, 0] for leg in legs_between(self.lot.ways, gaps.here[at], self.node))
        on_ms, on_cost, _ = (leg[0] for leg in legs_between(self.lot.ways, self.node, gaps.there[at]))
        aside_ms, aside_cost = self.lot.aside
        back_ms, back_cost = self.lot.back
        last, far = gaps.last[at], np.full(1, FAR)
        from_ms, from_cost = (int(leg[:-1].min(initial=FAR)) for leg in self.from_dock[:2])
        to_ms, to_cost = (int(np.append(leg[self.useful], far).min()) for leg in self.to_dock[:2])
        least_ms = np.minimum(there_ms, aside_ms[at] + from_ms)
        least_cost = np.minimum(there_cost, aside_cost[at] + from_cost)
        least_cost = least_cost + np.minimum(np.where(last, FAR, on_cost), to_cost + back_cost[at])
        least_cost += gaps.fixed_cost[at] - gaps.direct_cost[at]
        if not self.strict:
            return gaps.only(at[np.argsort(least_cost, kind="stable")[: wish.most_gaps]])
        done = np.maximum(gaps.free_ms[at] + least_ms, pickup.earliest_ms) + pickup.service_ms
        good = (done <= pickup.latest_ms) & (least_cost - gaps.late_cost[at] < wish.below)
        good &= done + np.minimum(np.where(last, FAR, on_ms), to_ms + back_ms[at]) <= gaps.loose_ms[at]
        at, least_cost = at[good], least_cost[good]
        if wish.most_gaps is not None and len(at) > wish.most_gaps:
            at = at[np.argsort(least_cost, kind="stable")[: wish.most_gaps]]
        return gaps.only(at)

    def _through(self, gaps: Gaps, *, last: bool) -> Iterator[Choices]:
        """The ways through gaps that are all at the end of a route, or all not."""
        self.near = self._docks_for(gaps)
        front, back = _Front(self, gaps), (_Ends if last else _Back)(self, gaps)
        if not back.ms.shape[1]:
            return
        base = gaps.fixed_cost - gaps.direct_cost
        good = front.good
        if self.strict:
            least = np.where(back.good, back.cost, FAR).min(axis=1)
            soonest = np.where(back.good, back.ms, FAR).min(axis=1)
            good &= front.cost + (base - gaps.late_cost + least)[:, None] < self.wish.below
            good &= front.done_ms + soonest[:, None] <= gaps.loose_ms[:, None]
        rows, fronts = np.nonzero(good)
        step = max(1, _MANY // back.ms.shape[1])
        for first in range(0, len(rows), step):
            row, dock = rows[first : first + step], fronts[first : first + step]
            extra = (front.cost[row, dock] + base[row])[:, None] + back.cost[row]
            possible = back.good[row] & self._wanted(row, dock, back)
            if self.strict:
                late = front.late_cost[row, dock] - gaps.late_cost[row]
                possible &= extra + late[:, None] < self.wish.below
                self._bound(possible, _Pairs(gaps, front, back, row, dock))
                extra = extra + late[:, None]
            which, behind = np.nonzero(possible)
            yield Choices(
                extra[which, behind],
                gaps.vehicle[row[which]],
                gaps.position[row[which]],
                np.append(self.near, -1)[dock[which]],
                back.first[behind],
                back.second[row[which], behind],
            )

    def _docks_for(self, gaps: Gaps) -> Ints:
        """The docks that are not too dear to call at, whichever the gap."""
        wish, out, home = self.wish, self.from_dock[1][:-1], self.to_dock[1]
        if not self.strict or wish.via is not None:
            return np.arange(len(out))
        if wish.most_gaps is not None and len(out) > _DOCKS:
            useful = np.flatnonzero(self.useful)
            nearest = (useful[np.argsort(cost[useful], kind="stable")[:_DOCKS]] for cost in (out, home))
            return np.unique(np.concatenate([*nearest]))
        saved = int((gaps.direct_cost + gaps.late_cost - gaps.fixed_cost).max())
        return np.flatnonzero(np.minimum(out, home) < wish.below + saved)

    def _wanted(self, row: Ints, dock: Ints, back: _Back) -> Bools:
        """Whether a new stop is at one of the docks that must be used."""
        via = self.wish.via
        if via is None:
            return np.ones((1, 1), dtype=np.bool_)
        behind = np.isin(back.first, via)[None, :] | np.isin(back.second[row], via)
        return np.asarray(np.isin(np.append(self.near, -1)[dock], via)[:, None] | behind)

    def _bound(self, possible: Bools, pairs: _Pairs) -> None:
        """Strike out what cannot be."""
        gaps, front, back, row, dock = pairs
        aboard = np.where(front.unloads[row, dock], 0, gaps.kinds_before[row])
        kinds = (aboard | self.bit)[:, None]
        empties = np.where(back.first < 0, False, (kinds & ~back.accepts[None, :]) == 0)
        possible &= empties | back.charges_or_none[None, :]
        joins = ((self.docks.accepts[gaps.dock[row]] & self.bit) != 0) & (gaps.dock[row] >= 0)
        if back.at_end:
            possible &= self._ends_empty(pairs, kinds, empties)
            sure: Bools = np.ones((1, 1), dtype=np.bool_)
            unload = np.where(empties, back.first_ms, self.docks.unload_ms[back.final[row]])
        else:
            sure = empties | joins[:, None]
            could = (gaps.dock[row] >= 0) & (joins | self.lot.charges[gaps.dock[row]])
            possible &= empties | could[:, None]
            unload = np.where(empties, back.first_ms, 0)
        # Where nothing is left to unload at the next dock, neither its hours nor its time count.
        as_before = sure & ~(empties & (gaps.kinds_after[row] == 0)[:, None]) if not back.at_end else sure
        by = np.where(as_before, gaps.by_ms[row][:, None], gaps.loose_ms[row][:, None])
        possible &= front.done_ms[row, dock][:, None] + back.ms[row] + unload <= by
        left = ~empties
        stays = ~front.unloads[row, dock]
        kg = (gaps.kg_before[row] * stays)[:, None] + left * gaps.kg_after[row][:, None]
        litres = (gaps.l_before[row] * stays)[:, None] + left * gaps.l_after[row][:, None]
        possible &= (kg <= self.room_kg) & (litres <= self.room_l)
        together = np.where(left, gaps.kinds_after[row][:, None], 0) | aboard[:, None]
        possible &= (together & self.clash) == 0
        self._trips(possible, pairs, empties, sure)
        if self.kind.battery_wh < math.inf:
            possible &= back.need_wh(row) <= front.left_wh[row, dock][:, None] + _ROUNDING

    def _ends_empty(self, pairs: _Pairs, kinds: Ints, empties: Bools) -> Bools:
        """Whether a route may end this way: empty; and, since more legs are only dearer and later, at the first
        dock where that is possible. (They may give a charge before the pickup the sense that it must have.)"""
        _, front, back, row, dock = pairs
        second = (kinds & ~self.docks.accepts[back.final[row]]) == 0
        charge_only = (dock < len(self.near)) & ~front.unloads[row, dock]
        on = np.where(empties, ~back.first_ends[row] | charge_only[:, None], second)
        return np.where(back.second[row] < 0, empties, on)

    def _trips(self, possible: Bools, pairs: _Pairs, empties: Bools, sure: Bools) -> None:
        """Strike out trips too many, where it is sure that none are put together."""
        gaps, front, _, row, dock = pairs
        rest = gaps.kinds_after[row] != 0
        had = (gaps.kinds_before[row] != 0) | rest
        now = front.unloads[row, dock].astype(np.int64) + 1
        more = (now - had)[:, None] + (empties & rest[:, None])
        possible &= ~sure | (more <= gaps.trips_left[row][:, None])


class _Front:
    """By gap and dock before the pickup (the last: none): what getting to the pickup takes."""

    def __init__(self, look: Look, gaps: Gaps) -> None:
        docks, pickup, kind, near = look.docks, look.pickup, look.kind, look.near
        nodes = np.append(docks.nodes[near], look.node)
        self.columns: Ints = np.append(near, len(docks.nodes))
        ms, cost, effort = legs_between(look.lot.ways, gaps.here, nodes)
        aboard = gaps.kinds_before[:, None]
        empties = (aboard != 0) & ((aboard & ~docks.accepts[near][None, :]) == 0)
        self.unloads: Bools = np.column_stack([empties, np.zeros(len(gaps), dtype=np.bool_)])
        charges = np.append(look.lot.charges[near], False)
        self.good: Bools = self.unloads | charges[None, :]
        self.good[:, -1] = True
        there_ms = ms + look.from_dock[0][self.columns]
        self.good &= there_ms < FAR
        self.cost: Ints = cost + look.from_dock[1][self.columns]
        free = gaps.free_ms[:, None] + there_ms + self.unloads * np.append(docks.unload_ms[near], 0)[None, :]
        self.done_ms: Ints = np.maximum(free, pickup.earliest_ms) + pickup.service_ms
        self.late_cost: Ints = np.zeros_like(self.done_ms)
        if pickup.late_cost_per_s:
            late_s = -((pickup.due_ms - self.done_ms) // 1000)
            self.late_cost = pickup.late_cost_per_s * np.maximum(0, late_s)
        if not look.strict:
            return
        self.good &= self.done_ms <= pickup.latest_ms
        self.good &= self.unloads | (gaps.kg_before <= look.room_kg)[:, None]
        self.good &= self.unloads | (gaps.l_before <= look.room_l)[:, None]
        self.good &= self.unloads | ((gaps.kinds_before & look.clash) == 0)[:, None]
        if kind.battery_wh < math.inf:
            self._energy(look, gaps, effort, charges)

    def _energy(self, look: Look, gaps: Gaps, effort: Floats, charges: Bools) -> None:
        kind = look.kind
        loaded = _powers(look, gaps.kg_before)[:, None]
        out_wh = loaded * effort
        dock_wh = np.where(self.unloads, power_w(kind, 0.0), loaded) * look.from_dock[2][self.columns]
        left = gaps.has_wh[:, None] - gaps.used_wh[:, None] - out_wh
        self.good &= (left >= -_ROUNDING) | (out_wh == 0.0)
        full = kind.battery_wh - kind.reserve_wh
        self.left_wh: Floats = np.where(charges[None, :], full, left) - dock_wh
        self.good &= (self.left_wh >= -_ROUNDING) | (dock_wh == 0.0)


def _powers(look: Look, load_kg: Floats) -> Floats:
    kind = look.kind
    if kind.power_coefficient == 0.0:
        return np.zeros(len(load_kg))
    return np.asarray(kind.power_coefficient * (kind.empty_kg + load_kg) ** kind.mass_exponent)


class _Back:
    """By gap and option behind the pickup (a dock, or last: none): what going on to the next stop takes."""

    at_end = False
    final: Ints
    first_ends: Bools

    def __init__(self, look: Look, gaps: Gaps) -> None:
        docks, near = look.docks, look.near
        self.look, self.gaps = look, gaps
        self.first: Ints = np.append(near, -1)
        self.second: Ints = np.full((len(gaps), len(self.first)), -1)
        ms, cost, effort = legs_between(look.lot.ways, np.append(docks.nodes[near], look.node), gaps.there)
        first_ms, first_cost = (np.append(leg[near], 0) for leg in look.to_dock[:2])
        self.ms: Ints = (first_ms[:, None] + ms).T
        self.cost: Ints = (first_cost[:, None] + cost).T
        self.effort: Floats = effort.T
        self.good: Bools = (self.ms < FAR) & np.append(look.useful[near], True)[None, :]
        self.accepts: Ints = np.append(docks.accepts[near], 0)
        self.charges_or_none: Bools = np.append(look.lot.charges[near], True)
        self.first_ms: Ints = np.append(docks.unload_ms[near], 0)

    def need_wh(self, row: Ints) -> Floats:
        """Energy from the pickup to the next charger, at least; infinite where what comes then is too far."""
        look = self.look
        kind = look.kind
        empty, loaded = power_w(kind, 0.0), power_w(kind, look.pickup.mass_kg)
        first = np.append(loaded * look.to_dock[2][look.near], 0.0)[None, :]
        leave = np.append(np.full(len(self.first) - 1, empty), loaded)[None, :]
        then = leave * self.effort[row] + empty * self.gaps.ahead_h[row][:, None]
        stands = np.append(look.lot.charges[look.near], False)[None, :]
        after = np.where(then > kind.battery_wh - kind.reserve_wh + _ROUNDING, np.inf, first)
        need = np.where(stands, after, first + then)
        return np.where(need == 0.0, -np.inf, need)


class _Ends(_Back):
    """The same at the end of routes: a dock, or one and another to end at. Options with another are by the dock
    and by the place of the other in the list of where the vehicle may end, so that few ends are few options."""

    at_end = True

    def __init__(self, look: Look, gaps: Gaps) -> None:
        docks = look.docks
        self.look, self.gaps = look, gaps
        may: Bools = docks.may_end[gaps.vehicle]
        most = int(may.sum(axis=1).max(initial=0))
        ends = np.argsort(~may, axis=1, kind="stable")[:, :most]
        near = look.near
        single = near[((look.takes if look.strict else look.useful) & np.any(may, axis=0))[near]]
        useful = near[look.useful[near]]
        self.first = np.append(single, np.repeat(useful, most))
        other = np.tile(ends, (1, len(useful)))
        self.second = np.column_stack([np.full((len(gaps), len(single)), -1), other])
        self.final: Ints = np.where(self.second < 0, self.first[None, :], self.second)
        between = look.lot.dock_legs
        self.ms = look.to_dock[0][self.first][None, :] + between[0][self.first[None, :], self.final]
        self.cost = look.to_dock[1][self.first][None, :] + between[1][self.first[None, :], self.final]
        self.effort = between[2][self.first[None, :], self.final]
        self.good = (self.ms < FAR) & may[np.arange(len(gaps))[:, None], self.final]
        self.good &= self.second != self.first[None, :]
        self.accepts = docks.accepts[self.first]
        self.first_ends = may[:, self.first]
        self.charges_or_none = look.lot.charges[self.first]
        self.first_ms = docks.unload_ms[self.first]

    def need_wh(self, row: Ints) -> Floats:
        """See `_Back`."""
        look = self.look
        kind = look.kind
        first = (power_w(kind, look.pickup.mass_kg) * look.to_dock[2][self.first])[None, :]
        then = power_w(kind, 0.0) * self.effort[row]
        stands = look.lot.charges[self.first][None, :] & (self.second[row] >= 0)
        after = np.where(then > kind.battery_wh - kind.reserve_wh + _ROUNDING, np.inf, first)
        need = np.where(stands, after, first + then)
        return np.where(need == 0.0, -np.inf, need)


class _Pairs(NamedTuple):
    """Gaps with a dock before the pickup, and all that can be behind it."""

    gaps: Gaps
    front: _Front
    back: _Back
    row: Ints
    dock: Ints


def in_order(many: Sequence[Choices]) -> Iterator[Choices]:
    """All of `many`, in lots, the cheapest first; ties by vehicle, gap and docks."""
    every = Choices(*(np.concatenate(column) for column in zip(*many, strict=True)))
    while len(every.extra):
        most = np.partition(every.extra, _FIRST - 1)[_FIRST - 1] if len(every.extra) > _FIRST else FAR
        now = every.only(np.flatnonzero(every.extra <= most))
        yield now.only(np.lexsort(now[::-1]))
        every = every.only(np.flatnonzero(every.extra > most))
