"""An operator closes the airspace of a live run and opens it again; the replay is the same run."""

from __future__ import annotations

import json

import pytest

from fleet.bus.client import connect

from .command import fleet
from .test_live_serve import Served, events_of, keys, replayed

__all__ = ["keys"]


@pytest.mark.thorough
def test_an_operator_closes_and_opens_the_sky_and_the_replay_is_equal(tmp_path, keys):
    out = tmp_path / "run"
    with Served("--keys", keys / "ring", "--speed", "0", "--paused", "-o", out) as served:
        reach = ("--url", served.url, "--key", keys / "kim.key", "--timeout", "60", "--json")
        with connect(served.url, keys / "kim.key", timeout_s=60.0) as city:
            city.step(1500)
            beats = (m.body for m in city.messages(("Beat",), timeout_s=30.0))
            next(beat for beat in beats if beat.paused and beat.tick > 1000)
            closing = _later(city, "send", "close-airspace", "fair", "--at", "plant", "--radius", "500", *reach)
            assert closing["answer"] == {"cause": ""}
            # Whoever joins now is told of it.
            with connect(served.url, keys / "vi.key") as late:
                ((change),) = late.snapshot.airspace
                assert (change.zone, change.state) == ("fair", "closed")
            text = fleet("watch", served.url, "--once", "--key", keys / "vi.key")
            assert "airspace: fair (closed)" in text.stdout
            refused = _later(city, "send", "open-airspace", "nowhere", *reach)
            assert refused["answer"] == {"cause": "unknown-zone"}
            city.step(900)
            beats = (m.body for m in city.messages(("Beat",), timeout_s=30.0))
            next(beat for beat in beats if beat.paused and beat.tick > 2300)
            assert _later(city, "send", "open-airspace", "fair", *reach)["answer"] == {"cause": ""}
            city.resume()
        code, _ = served.end()
        assert code == 0
    assert [line.body.state for line in events_of(out, "AirspaceChanged")] == ["closed", "open"]
    affected = [line.body.cause for line in events_of(out, "PickupFailed")]
    affected += [line.body.reason for line in events_of(out, "PickupMissed")]
    affected += [line.body.state for line in events_of(out, "VehicleReported")]
    assert {"closed-airspace", "grounded"} & set(affected)
    code, same = replayed(out)
    assert (code, same["equal"]) == (0, True)


def _later(city, *words):
    """A command that waits for an answer, while the paused run goes on by some ticks."""
    import threading

    found = []
    asking = threading.Thread(target=lambda: found.append(fleet(*words)))
    asking.start()
    while asking.is_alive():
        city.step(2)
        asking.join(0.2)
    (result,) = found
    return json.loads(result.stdout)
