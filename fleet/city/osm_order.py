"""Puts the objects of an OpenStreetMap file into the order that assembling areas asks for.

Most files come sorted: nodes, ways, relations, each by number. What people draw in an editor (numbers below
zero) or fetch from a query service (ways before their nodes, objects twice) is written anew, in order, before
it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osmium

NEW_FROM = 2**35
"""Objects that are not in the database yet, numbered below zero, are renumbered from here up: beyond every
number in use, and low enough for osmium's index of places."""

_KINDS = "nwr"


@dataclass(frozen=True, slots=True)
class Census:
    """How many nodes, ways and relations a file has, and whether it is in order.

    How many of them it gives more than once is known only of a file that had to be put in order.
    """

    objects: tuple[int, int, int]
    doubled: int = 0
    in_order: bool = True


def census(file: osmium.io.File) -> Census:
    """One look at every object."""
    counts, last, in_order = [0, 0, 0], [-1, -1, -1], True
    for item in osmium.FileProcessor(file):
        kind, number = _KINDS.index(item.type_str()), item.id
        counts[kind] += 1
        # A node may come in any order with others, and relations may come before ways.
        late = (number < 0 or counts[1] > 0) if kind == 0 else number <= last[kind]
        in_order = in_order and not late
        last[kind] = number
    return Census((counts[0], counts[1], counts[2]), in_order=in_order)


def renumbered(number: int) -> int:
    """A number that osmium can index. The way back is the same function.

    >>> renumbered(-7), renumbered(renumbered(-7)), renumbered(12)
    (34359738375, -7, 12)
    """
    return NEW_FROM - number if number < 0 or number > NEW_FROM else number


def write_in_order(file: osmium.io.File, out: Path) -> Census:
    """Write the objects of `file` to `out` in order, each once: of several versions the newest, else the last."""
    newest: dict[tuple[int, int], tuple[int, Any]] = {}
    counts = [0, 0, 0]
    processor = osmium.FileProcessor(file)
    item: Any
    for item in processor:
        key = (_KINDS.index(item.type_str()), renumbered(item.id))
        counts[key[0]] += 1
        known = newest.get(key)
        if known is None or item.version >= known[0]:
            newest[key] = (item.version, _copy(item, key))
    header = osmium.io.Header()
    if processor.header.box().valid():
        header.add_box(processor.header.box())
    with osmium.SimpleWriter(str(out), header=header) as writer:
        for key, copied in sorted((key, copied) for key, (_, copied) in _visible(newest)):
            (writer.add_node, writer.add_way, writer.add_relation)[key[0]](copied)
    return Census((counts[0], counts[1], counts[2]), sum(counts) - len(newest), in_order=False)


def _visible(newest: dict[tuple[int, int], tuple[int, Any]]) -> Iterable[tuple[tuple[int, int], tuple[int, Any]]]:
    return ((key, entry) for key, entry in newest.items() if entry[1] is not None)


def _copy(item: Any, key: tuple[int, int]) -> Any:
    """A copy that outlives the reader; None for a deleted object."""
    if item.deleted:
        return None
    words: dict[str, Any] = {"id": key[1], "tags": {tag.k: tag.v for tag in item.tags}}
    if item.is_node():
        place = (item.location.lon, item.location.lat) if item.location.valid() else None
        return osmium.osm.mutable.Node(location=place, **words)
    if item.is_way():
        return osmium.osm.mutable.Way(nodes=[renumbered(node.ref) for node in item.nodes], **words)
    members = [(member.type, renumbered(member.ref), member.role) for member in item.members]
    return osmium.osm.mutable.Relation(members=members, **words)
