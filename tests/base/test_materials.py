"""Materials: loose densities of data that can be read up, and what nobody may carry over people."""

import pytest

from fleet.base.materials import MATERIALS

KG_M3_PER_LB_YD3 = 0.593276


@pytest.mark.parametrize(
    "name, kg_m3", [("glass", 225), ("textiles", 89), ("organics", 235), ("mixed", 82), ("e-waste", 200)]
)
def test_loose_densities(name, kg_m3):
    assert MATERIALS[name].density_kg_l * 1000 == pytest.approx(kg_m3, abs=0.5)


def test_the_unit_of_the_source():
    assert pytest.approx(MATERIALS["textiles"].density_kg_l * 1000, abs=0.5) == 150 * KG_M3_PER_LB_YD3


def test_volume_binds_before_mass_in_a_40_l_box():
    kg = {name: 40 * m.density_kg_l for name, m in MATERIALS.items()}
    assert kg["plastics"] < 1.0
    assert kg["cardboard"] == pytest.approx(2.5, abs=0.1)
    assert 9 <= kg["glass"] <= 17


def test_the_hazardous_are_the_starred_ones():
    assert {name for name, m in MATERIALS.items() if m.hazardous} == {
        "batteries", "lamps", "solvents", "clinical",
    }  # fmt: skip


def test_nobody_can_change_the_table():
    with pytest.raises(TypeError):
        MATERIALS["glass"] = None  # type: ignore[index]  # what mypy forbids is what is tried
    with pytest.raises(AttributeError):
        MATERIALS["glass"].density_kg_l = 1.0  # type: ignore[misc]  # likewise
    assert all(name == m.name and m.density_kg_l > 0 for name, m in MATERIALS.items())
