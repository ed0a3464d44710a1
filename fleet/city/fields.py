"""The properties of one raw feature, read with a type and a range.

Every reader returns something usable even after a complaint, so that one wrong value does not hide the next;
the loader raises before anything built from a stand-in can escape.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from fleet.base.errors import did_you_mean
from fleet.base.materials import MATERIALS
from fleet.city.jsonfile import Complaints, is_unicode, show

ORDINARY = frozenset(m.name for m in MATERIALS.values() if not m.hazardous)
"""What the one word "all" stands for: every material that is not hazardous."""


class Fields:
    """The `properties` of feature number `index`."""

    def __init__(self, index: int, properties: Mapping[str, Any], complaints: Complaints) -> None:
        self._index = index
        self._properties = properties
        self._complaints = complaints

    def has(self, name: str) -> bool:
        """Whether the property is there and not null."""
        return self._properties.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A string that is not blank; required unless there is a default."""
        if default is not None and not self.has(name):
            return default
        value = self._properties.get(name)
        if isinstance(value, str) and value.strip() and is_unicode(value):
            return value
        hint = "put it in quotes" if _is_number(value) else ""
        self.refuse(name, "text", show(value), hint)
        return default or ""

    def number(self, name: str, default: float | None, least: float, open_end: bool = False) -> float:
        """A finite number of at least `least` (above it with `open_end`); required if `default` is None."""
        if default is not None and not self.has(name):
            return default
        value = self._properties.get(name)
        if _is_number(value) and (value > least or (value == least and not open_end)):
            return float(value)
        wanted = f"a number above {least:g}" if open_end else f"a number of at least {least:g}"
        self.refuse(name, wanted, show(value))
        return least

    def whole(self, name: str, default: int, least: int) -> int:
        """A whole number of at least `least`."""
        if not self.has(name):
            return default
        value = self._properties[name]
        if _is_number(value) and value >= least and value == int(value):
            return int(value)
        self.refuse(name, f"a whole number of at least {least}", show(value))
        return least

    def flag(self, name: str) -> bool:
        """true or false; false when absent."""
        value = self._properties.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.refuse(name, "true or false", show(value))
        return False

    def one_of(self, name: str, known: Sequence[Any], default: Any) -> Any:
        """One of the `known` values (texts or whole numbers), which the complaint lists."""
        if not self.has(name):
            return default
        value = self._properties[name]
        if isinstance(value, str | int) and not isinstance(value, bool) and value in known:
            return value
        words = [str(word) for word in known]
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        self.refuse(name, f"one of {', '.join(words)}", show(value), hint)
        return default

    def some_of(self, name: str, known: Sequence[str], default: Iterable[str]) -> tuple[str, ...]:
        """A list of some of the `known` texts, in their order there, each once."""
        if not self.has(name):
            return tuple(default)
        value = self._properties[name]
        if not isinstance(value, list):
            self.refuse(name, f"a list of {', '.join(known)}", show(value))
            return ()
        for place, word in enumerate(value):
            if not isinstance(word, str) or word not in known:
                hint = did_you_mean(word, known) if isinstance(word, str) else ""
                self.refuse(f"{name}[{place}]", f"one of {', '.join(known)}", show(word), hint)
        return tuple(word for word in known if word in value)

    def materials(self, name: str, all_word: bool = False) -> tuple[str, ...]:
        """Names from `fleet.base.materials`, in file order, each once; `all_word` allows the string "all"."""
        value = self._properties.get(name)
        if value is None:
            return ()
        if all_word and value == "all":
            return tuple(sorted(ORDINARY))
        if not isinstance(value, list):
            wanted = 'a list of materials or "all"' if all_word else "a list of materials"
            self.refuse(name, wanted, show(value))
            return ()
        for place, word in enumerate(value):
            if not isinstance(word, str) or word not in MATERIALS:
                hint = did_you_mean(word, MATERIALS) if isinstance(word, str) else ""
                self.refuse(f"{name}[{place}]", "a material", show(word), hint or f"known: {_KNOWN}")
        return tuple(dict.fromkeys(w for w in value if isinstance(w, str) and w in MATERIALS))

    def refuse(self, name: str, expected: str, found: str, hint: str = "") -> None:
        """A complaint about the property `name`."""
        self._complaints.feature(self._index, f"properties.{name}", expected, found, hint)


_KNOWN = ", ".join(MATERIALS)


def _is_number(value: Any) -> TypeGuard[int | float]:
    """Finite, and small enough for a float; true and false are no numbers here."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 10**300
