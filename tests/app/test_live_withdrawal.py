"""An operator has stock given out in a live run; the replay is the same run."""

from __future__ import annotations

import pytest

from .served import events_of, led

RESERVOIR = ("--set", "plants={sites: [{site: plant, stock_kg: {glass: 20}, withdrawals: {most_kg: 8}}]}")


@pytest.mark.thorough
def test_an_operator_withdraws_from_the_reservoir(tmp_path, keys):
    out = tmp_path / "run"
    with led(out, keys, *RESERVOIR) as kim:
        kim.step(10, beyond=5)
        assert kim.cause("withdraw", "plant", "glass", "5", "--bearer", "lab") == ""
        assert kim.cause("withdraw", "plant", "glass", "9", "--bearer", "lab") == "too-much"
        assert kim.cause("withdraw", "depot", "glass", "1", "--bearer", "lab") == "no-withdrawals"
        assert kim.send("withdraw", "plnt", "glass", "1", "--bearer", "lab").exit_code == 2
        wrong = kim.send("withdraw", "plant", "glas", "1", "--bearer", "lab")
        assert (wrong.exit_code, "did you mean `glass`?" in wrong.stderr) == (2, True)
    (withdrawn,) = events_of(out, "Withdrawn")
    assert (withdrawn.body.site, withdrawn.body.scale_kg, withdrawn.body.bearer) == ("plant", 5.0, "lab")
