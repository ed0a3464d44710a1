"""The red team's part of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from fleet.base.params import Params
from fleet.redteam.attack import AttackParams, discover

if TYPE_CHECKING:
    # What is found at run time has no name here; this is what all of it has in common.
    AnyAttack = AttackParams
else:
    AnyAttack = Annotated[
        # `X | Y` takes written-out types only; these are found at run time.
        Union[tuple(kind.params for kind in discover().values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]
    """The settings of any attack there is a file for."""


class RedParams(Params):
    """The attacks of a run, each with its own settings."""

    attacks: tuple[AnyAttack, ...] = ()
