"""The file that says which features of a map close the air, for `fleet map import --zone-rules`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fleet.app.yamlfile import load_model
from fleet.base.params import Params, refusal
from fleet.city.osm_zone_rules import DEFAULT_RULES, MAX_BUFFER_M, OPTIONAL_RULES, ZoneRule

Word = Annotated[str, Field(min_length=1, max_length=255)]
Metres = Annotated[float, Field(ge=0.0, le=10_000.0)]

OFF = "off"


class RuleParams(Params):
    """Features tagged `tag`=`value` close the air above them and `distance_m` round them, unless it is `off`."""

    tag: Word
    value: Word
    distance_m: Annotated[float, Field(ge=0.0, le=MAX_BUFFER_M)] | Literal["off"]
    reason: Word | None = None
    """What the zones are called; the value itself if not said."""
    floor_m: Metres = 0.0
    ceiling_m: Metres = 120.0

    @model_validator(mode="after")
    def _is_a_band(self) -> Self:
        if self.ceiling_m <= self.floor_m:
            raise refusal("a ceiling_m above floor_m")
        return self

    def rule(self) -> ZoneRule | None:
        """As the importer wants it; None for one that is off."""
        if isinstance(self.distance_m, str):
            return None
        reason = self.reason or self.value.replace("_", "-")
        return ZoneRule(self.tag, self.value, reason, self.distance_m, self.floor_m, self.ceiling_m)


class RulesFile(Params):
    """A table of rules: the built-in one with changes, or one of your own."""

    built_in: bool = True
    """Whether the built-in rules hold for features that `rules` do not name."""
    rules: tuple[RuleParams, ...] = ()

    def table(self) -> tuple[ZoneRule, ...]:
        """The rules, the built-in ones first. Any rule here replaces the built-in ones of its feature."""
        named = {(rule.tag, rule.value) for rule in self.rules}
        kept = tuple(r for r in DEFAULT_RULES if self.built_in and (r.tag, r.value) not in named)
        own = (params.rule() for params in self.rules)
        return kept + tuple(rule for rule in own if rule is not None)


def read_rules(path: Path) -> tuple[ZoneRule, ...]:
    """The table in the YAML file at `path`. Raises `InputError` with every fault of the file."""
    return load_model(path, RulesFile).table()


def rules_text() -> str:
    """The built-in table as such a file, and what it could close besides, to start from."""
    lines = [
        "# Which features of an OpenStreetMap extract close the air above them, and how far round them.",
        "# Use it as: fleet map import city.osm.pbf --zone-rules THIS-FILE -o city.geojson",
        "built_in: false   # this is the whole table; with true, it only changes the built-in one",
        "rules:",
        *(_line(rule, rule.buffer_m) for rule in DEFAULT_RULES),
        "  # Not closed unless you say so:",
        *(_line(rule, OFF) for rule in OPTIONAL_RULES),
    ]
    return "\n".join(lines) + "\n"


def _line(rule: ZoneRule, distance_m: float | str) -> str:
    said = distance_m if isinstance(distance_m, str) else f"{distance_m:g}"
    return f"  - {{tag: {rule.tag}, value: {rule.value}, reason: {rule.reason}, distance_m: {said}}}"
