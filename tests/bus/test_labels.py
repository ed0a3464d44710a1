"""Labels of outside attacks: begun when the request took effect, ended when it was stopped or was over."""

from __future__ import annotations

from fleet.bus.labels import SENDER, Labels
from fleet.bus.memory import MemoryBus
from fleet.messages.envelope import Envelope
from fleet.messages.orders import Recall
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import AttackBegan, AttackEnded, TamperEffect

EVE = "red/eve"
WORLD = "injector/truth"
CLASSES = {"navigation.gnss-tow": "gps-tow", "bus.cut": "bus.cut"}


def start(name="t1", target="drone-1", primitive="navigation.gnss-tow"):
    return StartTamper(tamper_id=name, primitive=primitive, target=target, parameters={})


def stop(name="t1"):
    return StopTamper(tamper_id=name)


def answer(cause="", name="t1"):
    return TamperAnswered(tamper_id=name, effect_tick=1, cause=cause)


def forge(vehicle, name="t1"):
    order = Recall(order_id="o", vehicle=vehicle, site="s", x_m=0.0, y_m=0.0, navigation="gnss")
    return ForgeOrder(tamper_id=name, order=order)


def effect(entity="drone-1", name="t1"):
    return TamperEffect(tamper_id=name, entity=entity, quantity="offset_m", size=1.0)


def labels(*ticks, labelled=frozenset()):
    """What is said after (sender, body) pairs at ticks 0, 1, ..., as (tick, body)."""
    bus = MemoryBus(lambda: 0)
    room = Labels(bus.port(SENDER), labelled, CLASSES)
    said = []
    for tick, heard in enumerate(ticks):
        inbox = [Envelope(sender=sender, seq=n, t_ms=0, body=body) for n, (sender, body) in enumerate(heard)]
        room.on_tick(tick, 1000 * tick, inbox)
        for message in bus.turn():
            assert message.sender == SENDER
            said.append((tick, message.body))
    return said


def began(entity="drone-1", name="t1", attack_class="gps-tow"):
    return AttackBegan(attack_id=name, attack_class=attack_class, entity=entity)


def test_begun_by_the_answer_and_ended_by_the_answer_to_its_stop():
    said = labels([(EVE, start())], [("injector", answer())], [(EVE, stop())], [("injector", answer())])
    assert said == [(1, began()), (3, AttackEnded(attack_id="t1"))]


def test_what_is_refused_is_no_attack():
    assert labels([(EVE, start())], [("injector", answer("no vehicle"))]) == []
    assert labels([(EVE, stop())], [("injector", answer())]) == []


def test_start_and_stop_in_one_breath():
    said = labels([(EVE, start()), (EVE, stop())], [("injector", answer()), ("injector", answer())])
    assert said == [(1, began()), (1, AttackEnded(attack_id="t1"))]


def test_a_second_start_under_the_same_id_that_is_refused_changes_nothing():
    said = labels(
        [(EVE, start()), (EVE, start(target="drone-2"))],
        [("injector", answer()), ("injector", answer("taken"))],
        [(EVE, stop())],
        [("injector", answer())],
    )
    assert said == [(1, began()), (3, AttackEnded(attack_id="t1"))]


def test_forged_orders_label_each_vehicle_once():
    said = labels(
        [(EVE, start(target="dispatch"))],
        [("injector", answer())],
        [(EVE, forge("a")), (EVE, forge("b")), (EVE, forge("a"))],
        [("injector", answer())] * 3,
    )
    assert [body.entity for _, body in said] == ["dispatch", "a", "b"]


def test_the_attacks_of_a_scenario_label_themselves():
    mine = "red/gps-tow-0"
    inside = ([(mine, start())], [("injector", answer())])
    assert labels(*inside, labelled=frozenset({mine})) == []
    assert labels(*inside) == [(1, began())]
    assert labels([("operator/kim", start())], [("injector", answer())]) == []


def test_a_primitive_without_a_class_goes_by_its_name():
    said = labels([(EVE, start(primitive="x.y"))], [("injector", answer())])
    assert said == [(1, began(attack_class="x.y"))]


def test_what_is_over_by_itself_has_ended():
    said = labels(
        [(EVE, start())],
        [("injector", answer()), (WORLD, effect())],
        [],
        [(WORLD, effect())],
        [(EVE, stop())],
        [("injector", answer("nothing is under way"))],
    )
    assert said == [(1, began()), (3, AttackEnded(attack_id="t1"))]


def test_what_is_over_as_soon_as_it_began_has_ended_too():
    said = labels([(EVE, start())], [("injector", answer()), (WORLD, effect()), (WORLD, effect())])
    assert said == [(1, began()), (1, AttackEnded(attack_id="t1"))]


def test_what_is_stopped_and_started_again_in_one_breath_goes_on():
    said = labels(
        [(EVE, start()), (EVE, stop()), (EVE, start())],
        [("injector", answer())] * 3 + [(WORLD, effect())] * 3,
        [(EVE, stop())],
        [("injector", answer()), (WORLD, effect())],
    )
    ended = AttackEnded(attack_id="t1")
    assert said == [(1, began()), (1, ended), (1, began()), (3, ended)]


def test_who_enters_and_leaves_an_area_ends_nothing():
    said = labels(
        [(EVE, start(target="area"))],
        [("injector", answer()), (WORLD, effect("drone-1"))],
        [(WORLD, effect("drone-2"))],
        [(WORLD, effect("drone-1"))],
    )
    assert said == [(1, began("area"))]


def test_effects_of_what_is_not_from_outside_are_passed_over():
    mine = "red/gps-tow-0"
    ticks = ([(mine, start())], [("injector", answer()), (WORLD, effect())], [(WORLD, effect())])
    assert labels(*ticks, labelled=frozenset({mine})) == []


def test_nothing_is_kept_of_what_was_answered():
    room = Labels(MemoryBus(lambda: 0).port(SENDER), frozenset(), CLASSES)
    heard = [(EVE, start()), ("injector", answer()), ("injector", answer(name="other"))]
    room.on_tick(0, 0, [Envelope(sender=s, seq=n, t_ms=0, body=b) for n, (s, b) in enumerate(heard)])
    assert room._asked == {}
