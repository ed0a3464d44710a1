"""Files that load, files that do not, and what is said about them."""

from __future__ import annotations

import pytest

from fleet.app.yamlfile import MAX_BYTES, load_model, load_placed
from fleet.app.yamltree import MAX_DEPTH, shown
from fleet.base.errors import Fault, InputError

from .sample import SAMPLE, Day, Hours, Jam, Params


@pytest.fixture
def load(tmp_path):
    def run(text, overrides=(), model=Day):
        path = tmp_path / "day.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_model(path, model, overrides)

    return run


@pytest.fixture
def faults(load):
    def run(text, overrides=()):
        with pytest.raises(InputError) as caught:
            load(text, overrides)
        assert caught.value.exit_code == 3
        return [(f.line, f.column, f.path, f.expected, f.found, f.hint) for f in caught.value.faults]

    return run


def test_sample_loads(load):
    day = load(SAMPLE)
    assert (day.name, day.seed, day.groups[1].battery_wh) == ("Small town, été", 7, 99.5)
    assert day.attacks[0] == Jam(kind="gnss-jam", at_s=600, area_m=(0, 10.5, 250))
    assert day.wind == Hours(start=6.5, length=10.0)
    assert type(day.groups) is tuple
    assert type(day.materials["glass"]) is float


def test_windows_line_ends_and_byte_order_mark(load):
    assert load(b"\xef\xbb\xbf" + SAMPLE.replace("\n", "\r\n").encode()) == load(SAMPLE)


def test_merge_lends_what_is_not_there(load):
    text = (
        "name: a\nhours: &h {start: 3, length: 4}\nwind: {<<: *h, length: 5}\ngroups: [{type: heavy, count: 1}]\n"
    )
    assert load(text).wind == Hours(start=3, length=5)


def test_explicit_tags_of_the_core_schema(load):
    text = "name: !!str 12\nseed: !!int '3'\nwind: !!float 2\ngroups: !!seq [!!map {type: heavy, count: 1}]\n"
    day = load(text)
    assert (day.name, day.seed, day.wind) == ("12", 3, 2.0)


def test_all_faults_at_once_in_file_order(faults):
    text = (
        "name: 3\n"
        "groups:\n"
        "  - type: hevy\n"
        "    cuont: 3\n"
        "  - {type: light, count: 0}\n"
        "  - {type: light, count: 1.0}\n"
        "attacks:\n"
        "  - kind: gnss_jam\n"
        "  - kind: skim\n"
        "    at_s: -1\n"
        "    share: '0.5'\n"
        "  - at_s: 3\n"
        "materials: {glas: 1, paper: true}\n"
        "hours: [6, 18]\n"
        "wind: high\n"
        "label: A\n"
        "colour: red\n"
    )
    assert faults(text) == [
        (1, 7, "name", "a text", "3", ""),
        (3, 5, "groups.0.count", "this field (required)", "nothing", ""),
        (3, 11, "groups.0.type", "one of 'heavy', 'light'", "'hevy'", "did you mean `heavy`?"),
        (4, 5, "groups.0.cuont", "a field that exists here", "'cuont'", "did you mean `count`?"),
        (5, 26, "groups.1.count", "an integer of at least 1", "0", ""),
        (6, 26, "groups.2.count", "an integer", "1.0", ""),
        (8, 11, "attacks.0.kind", "one of 'gnss-jam', 'skim'", "'gnss_jam'", "did you mean `gnss-jam`?"),
        (10, 11, "attacks.1.at_s", "a number of at least 0", "-1", ""),
        (11, 12, "attacks.1.share", "a number", "'0.5'", ""),
        (12, 5, "attacks.2.kind", "this field (it says which kind is meant)", "nothing", ""),
        (13, 13, "materials.glas", "a material", "'glas'", "did you mean `glass`?"),
        (13, 29, "materials.paper", "a number", "true", ""),
        (14, 8, "hours", "a mapping", "[6, 18]", ""),
        (15, 7, "wind", "a number or a mapping", "'high'", ""),
        (16, 8, "label", "a text of the form ^[a-z]+$", "'A'", ""),
        (17, 1, "colour", "a field that exists here", "'colour'",
         "the fields here are name, seed, groups, attacks, materials, hours, wind, plain, label"),
    ]  # fmt: skip


def test_structure_and_values_are_reported_together(faults):
    text = (
        "name: a\nname: b\nseed: !dice 6\nwind: .nan\ngroups: [{type: heavy, count: 0}]\nhours: {start: 1e999}\n"
    )
    assert faults(text) == [
        (2, 1, "name", "each name once", "'name' again", "first on line 1"),
        (3, 7, "seed", "a value without a tag", "!dice '6'", ""),
        (4, 7, "wind", "a finite number", "'.nan'", ""),
        (5, 31, "groups.0.count", "an integer of at least 1", "0", ""),
        (6, 16, "hours.start", "a finite number", "'1e999'", ""),
    ]


def test_a_union_without_a_tag_reports_the_arm_that_was_meant(faults):
    head = "name: a\ngroups: [{type: heavy, count: 1}]\n"
    assert faults(head + "plain: {kind: skim, at_s: 3}\n") == [
        (3, 8, "plain.share", "this field (required)", "nothing", "")
    ]
    assert faults(head + "plain: {kind: skin, at_s: 3}\n") == [
        (3, 15, "plain.kind", "one of 'gnss-jam', 'skim'", "'skin'", "did you mean `skim`?")
    ]
    assert faults(head + "wind: {start: 25}\n") == [(3, 15, "wind.start", "a number less than 24", "25", "")]


def test_a_validator_of_the_whole_model_can_point_at_a_value(faults):
    text = "name: a\ngroups:\n- {type: heavy, count: 1}\n- {type: heavy, count: 2}\n"
    assert faults(text) == [(4, 10, "groups.1.type", "each type once", "'heavy'", "add the counts")]


def test_a_plain_value_error_is_told_as_it_is(tmp_path):
    from pydantic import field_validator

    class Even(Params):
        n: int

        @field_validator("n")
        @classmethod
        def _even(cls, n: int) -> int:
            if n % 2:
                raise ValueError("odd numbers bring bad luck")
            return n

    path = tmp_path / "even.yaml"
    path.write_text("n: 3\n")
    with pytest.raises(
        InputError, match=r"1:4: n: expected a valid value \(odd numbers bring bad luck\), found 3"
    ):
        load_model(path, Even)


@pytest.mark.parametrize(
    "text, line, column, expected, found",
    [
        ("", 1, 1, "a mapping of fields", "an empty file"),
        ("# only a remark\n", 1, 1, "a mapping of fields", "an empty file"),
        ("\n[1, 2]\n", 2, 1, "a mapping of fields", "a list"),
        ("just words\n", 1, 1, "a mapping of fields", "'just words'"),
        ("name: a\n\tseed: 3\n", 2, 1, "spaces", "a tab"),
        ("name: [1, 2\n", 2, 1, "',' or ']'", "'<stream end>'"),
        ("name: a\n--- \nname: b\n", 2, 1, "one document", "a second one"),
        ("name: *nobody\n", 1, 7, "the name of an anchor above", "*nobody"),
        ("name: a\nx: \x07\n", 2, 4, "printable text", r"the character 7"),
        (b"name: a\nseed: \xff\xfe\n", 2, 7, "text in UTF-8", "the byte 0xff"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 1, 1, "text in UTF-8", "the byte 0x89"),
        ('name: "\\ud800"\n', 1, 7, "a text of whole Unicode characters", r"'\ud800'"),
        ("? [a, b]\n: 1\n", 1, 3, "a name before the colon", "none"),
        ("seed: 9999999999999999999\n", 1, 7, "an integer of at most 64 bits", "'9999999999999999999'"),
        ("name: a\n  seed: 3\n", 2, 7, "one name and value on a line", "a second colon"),
        ("name: a\nseed\n", 3, 1, "a colon after the name", "none"),
        ("hours:\n    start: 3\n  length: 4\n", 3, 3, "a line indented like those above",
         "another indentation"),
        ("x: &x {<<: *x}\n", 1, 8, f"at most {MAX_DEPTH} levels", "more"),
        ("x: &x [*x]\n", 1, 4, f"at most {MAX_DEPTH} levels", "more"),
        ("x: " + "[" * 9000, 1, MAX_DEPTH + 3, f"at most {MAX_DEPTH} levels", "more"),
        ("x: " + "{a: " * 9000, 1, 4 * MAX_DEPTH, f"at most {MAX_DEPTH} levels", "more"),
        ("#" * (MAX_BYTES + 1), 1, 1, "at most 1,000,000 bytes", "more"),
    ],
)  # fmt: skip
def test_files_that_are_not_a_scenario(faults, text, line, column, expected, found):
    assert (line, column, expected, found) in [(f[0], f[1], f[3], f[4]) for f in faults(text)]


def _bomb(seed, item):
    lines = [f"a0: &a0 {seed}"]
    lines += [f"a{i}: &a{i} {item(','.join([f'*a{i - 1}'] * 10))}" for i in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize("text", [_bomb("[1]", "[{}]".format), _bomb("{x: 1}", "{{<<: [{}]}}".format)])
def test_a_file_that_unfolds_without_end_is_refused(faults, text):
    (fault,) = faults(text)
    assert fault[3:5] == ("at most 100000 values", "more")


def test_a_file_that_cannot_be_read(tmp_path):
    for path, found in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "a directory")):
        with pytest.raises(InputError) as caught:
            load_model(path, Day)
        (fault,) = caught.value.faults
        assert (fault.file, fault.line, fault.column) == (str(path), 1, 1)
        assert (fault.expected, fault.found) == ("a readable file", found)


def test_places_serve_checks_against_other_files(tmp_path):
    path = tmp_path / "day.yaml"
    path.write_text(SAMPLE)
    day, places = load_placed(path, Day)
    fault = places.fault(("groups", 0, "base"), "a base on the map", shown(day.groups[0].base))
    assert str(fault) == f"{path}:7:11: groups.0.base: expected a base on the map, found 'north'"
    assert places.fault(("groups", 1, "base"), "", "").line == 8
    assert places.fault(("materials", "glass"), "", "", key=True).column == 3


def test_a_fault_of_a_room_that_knows_no_lines_is_placed(tmp_path):
    path = tmp_path / "day.yaml"
    path.write_text("name: a\ngroups:\n- {type: heavy, count: 1, base: '12'}\nmaterials: {glass: 1}\n")
    _, places = load_placed(path, Day)
    fault = Fault("demand", 1, 1, "0.base", "a base", "'12'", "hint")
    assert (
        str(places.placed(fault, ("groups",))) == f"{path}:3:33: groups.0.base: expected a base, found '12'; hint"
    )
    assert places.placed(Fault("demand", 1, 1, "materials.glass", "x", "y"), key=True).column == 13
    assert places.placed(Fault("demand", 1, 1, "materials.12", "x", "y")).line == 4
