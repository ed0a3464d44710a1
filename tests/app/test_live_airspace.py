"""An operator closes the airspace of a live run and opens it again; the replay is the same run."""

from __future__ import annotations

import pytest

from .command import fleet
from .served import connected, events_of, led


@pytest.mark.thorough
def test_an_operator_closes_and_opens_the_sky_and_the_replay_is_equal(tmp_path, keys):
    out = tmp_path / "run"
    with led(out, keys) as kim:
        kim.step(1500, beyond=1000)
        assert kim.cause("close-airspace", "fair", "--at", "plant", "--radius", "500") == ""
        # Whoever joins now is told of it.
        with connected(kim.url, keys / "vi.key") as late:
            ((change),) = late.snapshot.airspace
            assert (change.zone, change.state) == ("fair", "closed")
        text = fleet("watch", kim.url, "--once", "--key", keys / "vi.key")
        assert "airspace: fair (closed)" in text.stdout
        assert kim.cause("open-airspace", "nowhere") == "unknown-zone"
        kim.step(900, beyond=2300)
        assert kim.cause("open-airspace", "fair") == ""
    assert [line.body.state for line in events_of(out, "AirspaceChanged")] == ["closed", "open"]
    affected = [line.body.cause for line in events_of(out, "PickupFailed")]
    affected += [line.body.reason for line in events_of(out, "PickupMissed")]
    affected += [line.body.state for line in events_of(out, "VehicleReported")]
    assert {"closed-airspace", "grounded"} & set(affected)
