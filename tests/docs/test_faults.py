"""The page on faults names every setting of a link, every option of `fleet toxic`, and every primitive."""

from pathlib import Path

from fleet.app.commands.toxic import DOOR_PORTS, toxic
from fleet.app.links import LinkParams
from fleet.messages.roles import DOORS
from fleet.sim.tampering import discover

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")


def test_every_setting_of_a_link_is_named():
    assert [name for name in LinkParams.model_fields if f"`{name}`" not in PAGE] == []


def test_every_option_of_the_proxy_is_named():
    options = [option for parameter in toxic.params for option in parameter.opts if option.startswith("--")]
    assert len(options) > 8
    assert len(DOORS) == DOOR_PORTS
    assert [option for option in options if option not in PAGE] == []


def test_every_primitive_on_the_road_is_named():
    assert [name for name in discover() if name.startswith(("link.", "bus.")) and f"`{name}`" not in PAGE] == []
