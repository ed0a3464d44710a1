"""What an operator may ask to be closed: everything wrong is said before anything is sent."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fleet.app.requests import close_airspace
from fleet.app.zonewish import ZoneWish
from fleet.base.errors import UsageError
from fleet.messages.airspace import CloseAirspace
from fleet.messages.notices import Receipt
from fleet.messages.reports import OrderAnswered


class Run:
    """The run's end of a client: it obeys whatever it is sent, unless it is to refuse."""

    ended = None
    snapshot = SimpleNamespace(speed=0.0, tick_ms=1000)

    def __init__(self, cause=""):
        self.sent: list[CloseAirspace] = []
        self.cause = cause

    def city(self):
        return SimpleNamespace(origin_lon=10.0, origin_lat=50.0, geojson='{"features": []}')

    def catch_up(self):
        return SimpleNamespace(now_ms=60_000)

    def fresh_id(self):
        return "kim-1"

    def order(self, order):
        self.sent.append(order)
        return Receipt(seq=1, tick=60, cause="")

    def messages(self, topics, timeout_s):
        answer = OrderAnswered(
            vehicle="", order_id="kim-1", claimed_sender="operator/kim", counter=1, cause=self.cause
        )
        return iter([SimpleNamespace(body=answer)])


SQUARE = ("0,0", "100,0", "100,100", "0,100")
CROSSED = ("0,0", "100,100", "100,0", "0,100")


def asked(run=None, **wish):
    return close_airspace(
        run or Run(), ZoneWish(**{"zone": "fair", "corners": SQUARE, "metres": True, **wish}), 5.0
    )


@pytest.mark.parametrize(
    "wish, words",
    [
        ({"corners": CROSSED}, "--at: expected a polygon that does not cross itself, found Self-intersection"),
        ({"floor_m": 100.0, "ceiling_m": 50.0}, "--ceiling: expected a height above the floor, 100 m, found 50"),
        ({"for_s": 0.0}, "--for: expected at least a millisecond, 0.001, found 0"),
        ({"corners": ("0,0",), "radius_m": 50_000.1}, "--radius: expected at most 50,000 m, found 50,000.1"),
        ({"zone": ""}, "ZONE: expected a name, found ''"),
        ({"corners": ("0,0", "9,9")}, "at least three corners and at most 1000, found 2"),
        ({"corners": SQUARE, "radius_m": 5.0}, "--at: expected one place with --radius, found 4"),
        ({"corners": ("100001,0",), "radius_m": 5.0}, "--at: expected places within 100 km of the map's middle"),
        ({"corners": ("7.4,46.9",), "radius_m": 5.0, "metres": False}, "of the map's middle, found 7.4,46.9"),
        ({"corners": ("nan,0",), "radius_m": 5.0}, "of the map's middle, found nan,0"),
    ],
)
def test_what_is_no_zone_is_not_sent(wish, words):
    run = Run()
    with pytest.raises(UsageError) as caught:
        asked(run, **wish)
    assert words in str(caught.value)
    assert run.sent == []


def test_everything_wrong_is_said_at_once():
    with pytest.raises(UsageError) as caught:
        asked(zone=" ", corners=CROSSED, floor_m=9.0, ceiling_m=9.0, for_s=0.0001)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "ZONE",
        "--ceiling",
        "--for",
        "--at",
    ]


def test_what_closes_later_is_only_announced():
    run = Run()
    done = asked(run, in_s=120.0, for_s=60.0)
    assert done.lines[-1] == "the airspace is announced: it closes in 120 s"
    assert (run.sent[0].from_ms, run.sent[0].until_ms) == (180_000, 240_000)
    assert asked().lines[-1] == "the airspace closes"


def test_who_is_refused_is_told_why():
    done = asked(Run("past"), for_s=1.0)
    why = "the run was past its end, 61 s, when the order came; ask for longer (--for)"
    assert done.lines[-1] == f"the airspace refuses: past: {why}"
    assert (done.done, done.facts["answer"], done.facts["reason"]) == (False, {"cause": "past"}, why)
    done = asked(Run("malformed"))
    assert (done.lines[-1], done.facts["reason"]) == ("the airspace refuses: malformed", "")
