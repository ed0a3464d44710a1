"""Two signals: the first is noted while there is something to finish, the second ends the program."""

from __future__ import annotations

import signal

import pytest

from fleet.app.run import Interrupted
from fleet.app.session import _heed
from fleet.app.stop import Stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_of_either_kind_ends_it(number):
    stop = Stop()
    stop.gentle = True
    stop.on_signal(signal.SIGTERM, None)
    with pytest.raises(Interrupted):
        _heed(stop)
    with pytest.raises(KeyboardInterrupt):
        stop.on_signal(number, None)
