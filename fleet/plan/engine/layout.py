"""What lies where in the arrays of the engine.

A *node* is a place in a route: pickup p is node p, the start of vehicle v is node `pickups + v`, and dock visits
are nodes from a pool behind them. A *spot* is a row of the travel tables: pickups first, then docks, then starts.
Routes are lists linked by NEXT and BEFORE. A route begins at its vehicle's start node and ends at a dock node; an
empty one is its start node alone. What a gap needs to know of both its ends lies in two rows of `nodes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32] | npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FAR = 10**15
"""More than any time or cost: the cost of a plan, with the penalties of all it leaves out, must stay below."""

# Columns of `State.nodes`. Sums run over the trip that the node belongs to; docks and starts hold those of an
# empty trip. "Before" is up to and with the node, "after" is from the node on, with it.
NEXT, BEFORE, VEHICLE, SPOT, LEG_COST, LEAVE, MASS_BEFORE, KINDS_BEFORE = range(8)
LATEST, MASS_AFTER, KINDS_AFTER, VOLUME_BEFORE, VOLUME_AFTER, LEG_TIME, USED, NEEDED = range(8, 16)
ACCEPTED, SEEN, SAVED, COUNT_BEFORE, COUNT_AFTER, LEG_ENERGY, CLOSING, DOCK = range(16, 24)
FROZEN, RELEASE_BEFORE, RELEASE_AFTER, TRIP_FREE, SPAN, SPAN_EARLIEST, SPAN_LATEST, RUINED = range(24, 32)
BEGIN, CHARGE_FROM = range(32, 34)
NODE_COLUMNS = 40

# Columns of `State.facts`: what does not change while a node is in use.
EARLIEST, LATEST_START, SERVICE, MASS, VOLUME, KIND, RELEASE, PENALTY, DUE, LATE_COST = range(10)
FACT_COLUMNS = 16

# Columns of `Tables.cars`: what does not change of a vehicle.
TYPE, WAY, PAYLOAD, ROOM, CHARGE, SPENT, FIXED, READY, UNTIL, MOST_TRIPS, CLASS, START, EXPONENT, EMPTY_MASS = (
    range(14)
)
CAR_COLUMNS = 14

# Columns of `State.tours`: what changes of a vehicle.
LAST, PICKUPS, TRIPS, TOUR_COST, TOUR_SAVED, BROKEN, LOCKED = range(7)
TOUR_COLUMNS = 8

# Entries of the row SUMS of `State.work`.
COST, ITERATION, STAMP, FREE_TOP, FREED, UNDO_TOP, TOUCHED, BEST_COST, REMOVED, DISCOUNT, OPENING, TOUR_TOP = (
    range(12)
)
LOOK, COST_BEFORE, POOL_BEFORE, BESTS, ALL_TRIPS, ALL_PICKUPS, ABSENT, ABSENT_BEFORE = range(12, 20)
UNDO_AT = 20

# Entries of the row FOUND of `State.work`: the best place of a pickup so far.
PRICE, HOW, WHERE, WHICH, GAPS, BANNED, BANNED_AT = range(7)
"""BANNED: how many gaps were tried in vain; they stand from BANNED_AT on."""

# Ways to put a pickup p into the gap behind node a, b being the node that follows.
NOWHERE, PLAIN, TRIP_ENDS, TRIP_BEGINS, EMPTY, APPEND, CLOSE = range(7)
"""a p b; a p dock b; a dock p b; an empty vehicle; p dock behind the last dock; a p b and another closing dock."""


class Tables(NamedTuple):
    """The problem in whole numbers: milliseconds, cost units, grams, millilitres, milliwatt-hours.

    Few arrays, since each costs compile time wherever it is passed.
    """

    legs: Legs
    """(2, 2, ways, spots, spots): time and cost of the leg from the first spot to the second; of the way back
    in the second half, so that all legs to a spot lie side by side too."""
    energy: Legs
    """(ways, spots, spots); (1, 1, 1) if no battery is finite."""
    cars: Ints
    about: Ints
    """(pickups, columns): what is near (to look for a place), what is around (to ruin together), which types may
    come (ALLOWED_AT), the cost and the dock of an own route by class (SOLO_AT), keys to sort by (KEYS_AT)."""
    docks: Ints
    """(docks, columns): unloading time; accepted kinds; 0 no charger, 1 swap, 2 full, 3 partial; latest beginning;
    then as named below, and from ENDS_AT on whether routes of a class may end there."""
    docks_near: Ints
    """(spots, k): docks by the cost of going there and back."""
    lists: Ints
    """Rows of different lengths."""


CHARGE_FIXED, CHARGE_RATE, PADS, PLACES, N_HOURS, HOURS_AT = range(4, 10)
"""CHARGE_RATE: millionths of a millisecond for a milliwatt-hour. Hours: opening and closing in turn."""
MOST_HOURS = 14
ENDS_AT = HOURS_AT + 2 * MOST_HOURS

# Rows of `Tables.lists`.
FLAGS, APART, STARTED, CLASS_START, CLASS_CAR, ORDERS = range(6)
"""APART: for each kind the mask of those that must not be on board with it. STARTED: vehicles with committed
visits. Vehicles of class c are entries CLASS_START[c] to CLASS_START[c + 1] of CLASS_CAR. ORDERS: keys to draw
from, -1 for a random order."""

# Entries of the row FLAGS.
HAS_TRIPS, HAS_RELEASE, HAS_ENERGY, HAS_REFUSAL, HAS_APART, CAN_OMIT, N_PICKUPS, N_DOCKS, NEAR_USED = range(9)
N_KINDS, N_ORDERS, N_DOCKS_NEAR, N_AROUND, N_CLASSES, N_STARTED, AROUND_AT, ALLOWED_AT, SOLO_AT, KEYS_AT = range(
    9, 19
)
IS_INVOLVED, HAS_LOAD_ENERGY, HAS_DUE, BACK, HAS_TAILS = range(19, 24)
"""IS_INVOLVED: what gaps know is not all, a place must be tried before it is certain. BACK: the half of the legs
with the cost of the way back; the first where it costs what the way there does, so that less memory is read.
HAS_TAILS: routes may trade their tails."""
FLAG_ENTRIES = 24


class State(NamedTuple):
    """The current routes, what undoes the last change, and the best routes so far."""

    nodes: Ints
    """The nodes, and behind them rows that were saved."""
    facts: Ints
    tours: Ints
    """The vehicles, and behind them rows that were saved."""
    work: Ints
    """Rows of different lengths."""


# Rows of `State.work`.
SUMS, FOUND, WORDS, GAP_LIST, LATER, LATER_PRICE, POOL, FREED_LIST, UNDO_NODES, UNDO_TOURS = range(10)
EMPTY_CARS, HINTS, TAKEN, KEYS, BEST, BEST_COUNT = range(10, 16)
"""EMPTY_CARS: how many vehicles of a class are empty; HINTS: where to look for one. TAKEN: what is out and is to
be put back. BEST: visits of vehicle after vehicle in the best routes, docks as pickups + dock; BEST_COUNT: how
many."""
WORK_ROWS = 16
