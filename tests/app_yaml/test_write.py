"""What is written reads back as itself."""

from __future__ import annotations

import pydantic
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.app.yamlfile import load_model, to_yaml

AWKWARD = [
    "null", "~", "yes", "0x1F", "0o17", "1e3", "06:00", " x ", "e\u0301\u2028", "#", "a: b", "", "-", "1_000", "=",
    "<<", "2026-01-01", ".inf", "1.", "+.5", "!x", "&a", "*a", "%", "@", "`", "\t", "\n", "a\n b\n", "\x85",
    "\ufeff", "\x7f",
]  # fmt: skip
texts = st.sampled_from(AWKWARD) | st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter(bool), inner, max_size=4),
    max_leaves=8,
)


class Anything(pydantic.RootModel[dict[str, pydantic.JsonValue]]):
    pass


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(texts.filter(bool), values, max_size=5))
def test_what_is_written_reads_back_as_itself(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    path.write_bytes(to_yaml(data).encode())
    assert load_model(path, Anything).root == data
