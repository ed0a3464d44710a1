"""`--set a.b=c`: changes to a scenario from the command line, made before it is checked."""

from __future__ import annotations

from typing import Any

from fleet.app.yamltree import Path, Place, Places, shown
from fleet.base.errors import UsageError


def split_override(text: str) -> tuple[Path, str]:
    """The path and the raw value of `a.0.b=value`; whole numbers are list indices. Raises `UsageError`.

    >>> split_override("fleet.groups.0.count=3")
    (('fleet', 'groups', 0, 'count'), '3')
    """
    name, equals, raw = text.partition("=")
    parts = [part.strip() for part in name.split(".")]
    if not equals or not all(parts):
        raise UsageError(f"--set {text}: expected a.b=value, found {shown(text)}")
    return tuple(int(part) if _is_index(part) else part for part in parts), raw


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= 9


def set_at(data: dict[str, Any], path: Path, value: Any, text: str, places: Places) -> None:
    """Put `value` at `path` in `data`, making the mappings that are not there, and note whence it came.

    Raises `UsageError` where the path leads through a scalar or past the end of a list.
    """
    place = Place(f"--set {text}", 1, 1)
    node: Any = data
    here: Path = ()
    for part in path[:-1]:
        key = _key(node, here, part, text)
        here = (*here, key)
        if isinstance(node, dict) and node.get(key) is None:
            places.override(here, place)
            node[key] = {}
        node = node[key]
    key = _key(node, here, path[-1], text)
    places.override((*here, key), place)
    node[key] = value


def _key(node: Any, here: Path, part: str | int, text: str) -> Any:
    """`part` as a key of `node`, which is at `here`."""
    where = ".".join(str(step) for step in here)
    if isinstance(node, dict):
        return str(part)
    if not isinstance(node, list):
        raise UsageError(f"--set {text}: expected a mapping or a list at {where}, found {shown(node)}")
    if not isinstance(part, int) or part >= len(node):
        size = f"an index from 0 to {len(node) - 1}" if node else "no index (the list is empty)"
        raise UsageError(f"--set {text}: expected {size} at {where}, found {part}")
    return part
