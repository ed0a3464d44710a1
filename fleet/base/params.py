"""What every part of a scenario file is made of.

A room that can be configured declares a `Params` beside the code it configures. The scenario is the tree of
them, so one loader can check the whole file and name every fault with its line. Units are in the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from fleet.base.errors import did_you_mean
from fleet.base.materials import MATERIALS


class Params(BaseModel):
    """Frozen; unknown fields and non-finite numbers are refused; lists are declared as tuples.

    A docstring under a field becomes its description in the JSON Schema that editors read.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


def refusal(expected: str, hint: str = "", at: Sequence[str | int] = ()) -> PydanticCustomError:
    """The error for a validator to raise: what was expected instead, a hint, and, where the validator sees
    a whole model, the path from there to the value at fault.

    >>> raise refusal("an even number", "round it up")
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.PydanticCustomError: expected an even number; round it up
    """
    text = "expected {expected}; {hint}" if hint else "expected {expected}"
    return PydanticCustomError("fault", text, {"expected": expected, "hint": hint, "at": list(at)})


def _known_material(name: str) -> str:
    if name not in MATERIALS:
        raise refusal("a material", did_you_mean(name, MATERIALS) or "known: " + ", ".join(MATERIALS))
    return name


MaterialName = Annotated[str, AfterValidator(_known_material)]
"""The name of one of `fleet.base.materials.MATERIALS`."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A part of a whole, 0 to 1."""

Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Count = Annotated[int, Field(ge=1)]
