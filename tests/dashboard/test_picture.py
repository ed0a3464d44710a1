"""What the dashboard believes is what the run says of itself, whenever it joined."""

from fleet.dashboard.picture import Picture
from fleet.messages.codec import decode

from .play import Play


def heard(play):
    """Everything that was published and not taken yet."""
    while not play._queue.empty():
        topic, number, data = play._queue.get_nowait()
        yield topic, number, decode(data)


def test_it_follows_the_run():
    play = Play(5, blocks=2)
    play.say(play.roster())
    play.tick()
    list(heard(play))
    picture = Picture(play.state())
    for n in range(4):
        play.tick()
        play.collect(n)
        play.alarm(n)
        for report in play.reports():
            play.say(report)
    lost = [picture.hear(*message) for message in heard(play)]
    assert set(lost) == {0}
    assert picture.snapshot() == play.state()


def test_what_is_contained_is_no_news_and_what_is_missing_is_counted():
    play = Play(3, blocks=2)
    play.tick()
    picture = Picture(play.state())
    assert not picture.is_news("TelemetryFrame", 0)
    for _ in range(3):
        play.tick()
    messages = [m for m in heard(play) if m[0] == "TelemetryFrame"]
    assert [m[1] for m in messages] == [0, 1, 2, 3]
    assert picture.hear(*messages[3]) == 2
    assert not picture.is_news("TelemetryFrame", 2)


def test_a_pickup_given_up_and_fetched_after_all_is_collected():
    from fleet.messages.envelope import Envelope
    from fleet.messages.orders import PickupMissed

    play = Play(1, blocks=2, pickups=2)
    picture = Picture(play.state())
    missed = PickupMissed(pickup_id="p0", reason="window", need=1.0, limit=0.0)
    picture.hear("PickupMissed", 0, Envelope(sender="dispatch", seq=0, t_ms=0, body=missed))
    assert (picture.snapshot().collected, picture.snapshot().missed) == (0, 1)
    play.collect(0)
    for message in heard(play):
        picture.hear(*message)
    assert (picture.snapshot().collected, picture.snapshot().missed) == (1, 0)
    assert [p.pickup_id for p in picture.snapshot().open_pickups] == ["p1"]
