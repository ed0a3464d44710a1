"""The blue team's part of a scenario."""

from __future__ import annotations

from typing import Annotated, Union

from pydantic import Field

from fleet.base.params import Params
from fleet.detect.detector import discover

AnyDetector = Annotated[
    Union[tuple(kind.params for kind in discover().values())],  # type: ignore[misc]  # noqa: UP007
    Field(discriminator="kind"),
]
"""The settings of any detector there is a file for."""


class BlueParams(Params):
    """Who watches, and whether anything follows from it."""

    detectors: tuple[AnyDetector, ...] = ()  # type: ignore[valid-type]
    respond: bool = True
    """Whether alerts lead to intents (quarantine, revocation); without it they are only said."""
