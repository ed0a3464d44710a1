"""An operator has stock given out in a live run; the replay is the same run."""

from __future__ import annotations

import pytest

from fleet.bus.client import connect

from .command import fleet
from .test_live_airspace import _later
from .test_live_serve import Served, events_of, keys, replayed

__all__ = ["keys"]
RESERVOIR = ("--set", "plants={sites: [{site: plant, stock_kg: {glass: 20}, withdrawals: {most_kg: 8}}]}")


@pytest.mark.thorough
def test_an_operator_withdraws_from_the_reservoir(tmp_path, keys):
    out = tmp_path / "run"
    with Served("--keys", keys / "ring", "--speed", "0", "--paused", "-o", out, *RESERVOIR) as served:
        reach = ("--url", served.url, "--key", keys / "kim.key", "--timeout", "60", "--json")
        with connect(served.url, keys / "kim.key", timeout_s=60.0) as city:
            city.step(10)
            given = _later(city, "send", "withdraw", "plant", "glass", "5", "--bearer", "lab", *reach)
            assert given["answer"] == {"cause": ""}
            refused = _later(city, "send", "withdraw", "plant", "glass", "9", "--bearer", "lab", *reach)
            assert refused["answer"] == {"cause": "too-much"}
            elsewhere = _later(city, "send", "withdraw", "depot", "glass", "1", "--bearer", "lab", *reach)
            assert elsewhere["answer"] == {"cause": "unknown-site"}
            assert fleet("send", "withdraw", "plnt", "glass", "1", "--bearer", "lab", *reach).exit_code == 2
            wrong = fleet("send", "withdraw", "plant", "glas", "1", "--bearer", "lab", *reach)
            assert (wrong.exit_code, "did you mean `glass`?" in wrong.stderr) == (2, True)
            city.resume()
        code, _ = served.end()
        assert code == 0
    ((withdrawn),) = events_of(out, "Withdrawn")
    assert (withdrawn.body.site, withdrawn.body.scale_kg, withdrawn.body.bearer) == ("plant", 5.0, "lab")
    code, same = replayed(out)
    assert (code, same["equal"]) == (0, True)
