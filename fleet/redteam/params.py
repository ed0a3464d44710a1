"""The red team's part of a scenario."""

from __future__ import annotations

from typing import Annotated, Union

from pydantic import Field

from fleet.base.params import Params
from fleet.redteam.attack import discover

AnyAttack = Annotated[
    Union[tuple(kind.params for kind in discover().values())],  # type: ignore[misc]  # noqa: UP007
    Field(discriminator="kind"),
]
"""The settings of any attack there is a file for."""


class RedParams(Params):
    """The attacks of a run, each with its own settings."""

    attacks: tuple[AnyAttack, ...] = ()  # type: ignore[valid-type]
