"""Every message body there is: one fixed example of each, and a strategy for any.

Both are made from the types' own annotations, so a new message type is tested as soon as it is in `AnyBody`.
"""

import collections.abc
import types
import typing
from typing import Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from fleet.messages.envelope import AnyBody, Envelope
from fleet.messages.plane import Body

KINDS: tuple[type[Body], ...] = get_args(AnyBody)
NAMES = [kind.__name__ for kind in KINDS]

INT = st.integers(-(2**63), 2**64 - 1)
PLAIN = {
    types.NoneType: st.none(),
    str: st.text(),
    int: INT,
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(),
}
MAPPINGS = (dict, collections.abc.Mapping)
FIXED = {types.NoneType: None, str: "é-7", int: 70_000, float: 1.5, bool: True, bytes: b"\x00\xff"}


def fields(kind: type) -> dict[str, Any]:
    """Name and type of every field that travels."""
    hints = typing.get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}


def any_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of an annotation that the wire allows."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(any_of(arguments[0]), max_size=4).map(tuple)
    if origin in MAPPINGS:
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=4)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([any_of(part) for part in arguments])
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return st.builds(annotation, **{name: any_of(of) for name, of in fields(annotation).items()})
    raise NotImplementedError(f"no strategy for {annotation}")


def fixed(annotation: Any) -> Any:
    """One value of an annotation, always the same."""
    if annotation in FIXED:
        return FIXED[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return arguments[-1]
    if origin is tuple:
        return (fixed(arguments[0]),)
    if origin in MAPPINGS:
        return {fixed(arguments[0]): fixed(arguments[1])}
    if origin in (types.UnionType, typing.Union):
        return fixed(arguments[0])
    return annotation(**{name: fixed(of) for name, of in fields(annotation).items()})


def example(kind: type[Body]) -> Envelope[Body]:
    """The fixed message of a kind."""
    return Envelope(
        sender="dispatch", seq=7, t_ms=61_000, body=fixed(kind), expires_ms=66_000, signature=b"\x01" * 64
    )


def bodies() -> st.SearchStrategy[Body]:
    return st.one_of([any_of(kind) for kind in KINDS])


def messages() -> st.SearchStrategy[Envelope[Body]]:
    return st.builds(
        Envelope,
        sender=st.text(),
        seq=INT,
        t_ms=INT,
        body=bodies(),
        expires_ms=INT,
        signature=st.binary(max_size=64),
    )
