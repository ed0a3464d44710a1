"""`fleet.join`: an agent of one's own takes a seat; the example in its docstring is run as it stands."""

from __future__ import annotations

import contextlib
import io
import math
import re
import textwrap
import threading

import pytest

import fleet
from fleet.base.errors import UsageError
from fleet.bus.doors import Doors
from fleet.bus.lockstep import Barrier
from fleet.bus.seating import SeatPlan, Terms
from fleet.messages.envelope import Envelope
from fleet.messages.orders import QuarantineVehicle
from fleet.messages.security import Alert
from tests.messages.runs import RUN

PATIENCE_S = 10.0
ALERT = Alert(alert_id="a", detector="d", attack_class="c", entity="v-1", score=2.0, threshold=1.0, evidence="e")


def example():
    blocks = re.findall(r"(?m)(?:^ {4,}.*\n|^\n)+", textwrap.dedent(f"    {fleet.join.__doc__}\n"))
    (block,) = (each for each in blocks if "import" in each)
    return textwrap.dedent(block).strip() + "\n"


def test_the_example_does_what_it_says():
    code, printed = example(), io.StringIO()
    assert code.startswith("import fleet\n")
    with Doors("tcp://127.0.0.1:*") as doors, contextlib.redirect_stdout(printed):
        code = code.replace("tcp://127.0.0.1:5570", doors.endpoints.base)
        agent = threading.Thread(target=exec, args=(compile(code, "example", "exec"), {"__name__": "example"}))
        agent.start()
        secret = b"s" * 32
        terms = Terms(fleet.__version__, 1000, RUN, PATIENCE_S)
        barrier = Barrier(doors, [SeatPlan("guard")], terms, secret_of=lambda holder: secret)
        barrier.await_seats(PATIENCE_S)
        heard = Envelope(sender="watchman", seq=0, t_ms=0, body=ALERT)
        for tick, batch in ((1, []), (2, [heard])):
            barrier.open(tick, 1_000 * tick, batch)
            said = barrier.collect()
        barrier.finish()
        agent.join(PATIENCE_S)
    (intent,) = said
    assert (intent.sender, len(intent.signature)) == ("operator/guard", 64)
    assert intent.body == QuarantineVehicle(alert_id="a", vehicle="v-1", bring_home_by="anchors")
    assert printed.getvalue() == "2 ticks heard, 1 intents said\n"


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"role": "king"}, "role `king`: expected operator, red or blue"),
        ({"role": "opperator"}, "expected operator, red or blue; did you mean `operator`?"),
        ({"role": "viewer"}, "role `viewer`: expected operator, red or blue"),
        ({"patience_s": math.nan}, "patience_s: expected a finite number of seconds from 0, found nan"),
        ({"patience_s": math.inf}, "patience_s: expected a finite number of seconds from 0, found inf"),
        ({"patience_s": -1}, "patience_s: expected a finite number of seconds from 0, found -1"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(wrong, said):
    with pytest.raises(UsageError) as caught:
        fleet.join("ipc:///nowhere", "pilot", lambda port: None, **wrong)
    assert said in str(caught.value)
