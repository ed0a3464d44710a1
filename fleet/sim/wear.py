"""What age, weather and mishaps make of vehicles and sites: layers that come and go each by itself.

Every layer has a name, so that who put it there takes away that one and nothing else, whatever others do
meanwhile. Where no layer lies, a factor is exactly 1 and a sum exactly 0, and nothing is different.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class Factors:
    """Named factors and their product.

    >>> drag = Factors()
    >>> drag.put("gust", 1.2); drag.put("rain", 1.5); drag.drop("gust"); drag.product
    1.5
    """

    __slots__ = ("_by", "product")

    def __init__(self) -> None:
        self._by: dict[str, float] = {}
        self.product = 1.0

    def put(self, name: str, factor: float) -> None:
        """Lay `factor` on, in the place of what had this name."""
        self._by[name] = factor
        self._reckon()

    def drop(self, name: str) -> None:
        """Take the layer of this name away, if there is one."""
        self._by.pop(name, None)
        self._reckon()

    def _reckon(self) -> None:
        product = 1.0
        for name in sorted(self._by):
            product *= self._by[name]
        self.product = product


class Sums:
    """Named amounts and their total.

    >>> zero = Sums()
    >>> zero.put("drift", 0.5); zero.put("tilt", -0.25); zero.total, zero.of("tilt")
    (0.25, -0.25)
    """

    __slots__ = ("_by", "total")

    def __init__(self) -> None:
        self._by: dict[str, float] = {}
        self.total = 0.0

    def put(self, name: str, amount: float) -> None:
        """Lay `amount` on, in the place of what had this name."""
        self._by[name] = amount
        self.total = sum(self._by[name] for name in sorted(self._by))

    def drop(self, name: str) -> None:
        """Take the layer of this name away, if there is one."""
        if self._by.pop(name, None) is not None:
            self.total = sum((self._by[name] for name in sorted(self._by)), 0.0)

    def of(self, name: str) -> float:
        """The amount of one layer, 0 where there is none."""
        return self._by.get(name, 0.0)

    @property
    def parts(self) -> Mapping[str, float]:
        """Every layer by its name."""
        return self._by


@dataclass(slots=True)
class Wear:
    """The state that a vehicle is in, beside what it was built as.

    `drag` is what it draws over what it should, `pace` its speed over its cruising speed, `capacity` what its pack
    holds over what it held when new; `scale` and `scale_zero_kg` are the errors of its scale, `loading_s` what a
    pickup takes longer. While anything is in `held` it does not take off, and while anything is in `broken` it
    cannot: it is lost.
    """

    drag: Factors = field(default_factory=Factors)
    pace: Factors = field(default_factory=Factors)
    capacity: Factors = field(default_factory=Factors)
    scale: Factors = field(default_factory=Factors)
    scale_zero_kg: Sums = field(default_factory=Sums)
    loading_s: Sums = field(default_factory=Sums)
    held: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    @property
    def stays(self) -> bool:
        """Whether it stays on the ground once it is there."""
        return bool(self.held or self.broken)


@dataclass(slots=True)
class SiteWear:
    """The state that a site's instruments and chargers are in.

    `scale` and `scale_zero_kg` are errors of its weighbridge, `meter` that of its electricity meter; `slowness` is
    how long charging takes over how long it should.
    """

    scale: Factors = field(default_factory=Factors)
    scale_zero_kg: Sums = field(default_factory=Sums)
    meter: Factors = field(default_factory=Factors)
    slowness: Factors = field(default_factory=Factors)
