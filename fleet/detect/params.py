"""The blue team's part of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Union

from pydantic import Field

from fleet.base.params import Params
from fleet.detect.detector import discover

if TYPE_CHECKING:
    # What is found at run time has no name here; this is what all of it has in common.
    AnyDetector = Params
else:
    AnyDetector = Annotated[
        # `X | Y` takes written-out types only; these are found at run time.
        Union[tuple(kind.params for kind in discover().values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]
    """The settings of any detector there is a file for."""


class BlueParams(Params):
    """Who watches, and whether anything follows from it."""

    detectors: tuple[AnyDetector, ...] = ()
    respond: bool = True
    """Whether alerts lead to intents (quarantine, revocation); without it they are only said."""
    guards: Literal["stay", "follow", "stop"] = "stay"
    """What else an alert about a vehicle leads to: a guard (`people.guards`) who follows it, or forces it down."""
