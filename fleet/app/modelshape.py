"""Which values a pydantic error speaks of.

An error's `loc` runs through the model, not through the data: where a union has several arms it names the arm
taken. To turn it into a path through the file, the model's annotations are walked alongside.
"""

from __future__ import annotations

import collections.abc
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from fleet.app.yamltree import Path

_SEQUENCES = (tuple, list, set, frozenset, collections.abc.Sequence)
_MAPPINGS = (dict, collections.abc.Mapping)


@dataclass(frozen=True, slots=True)
class Spot:
    """What a `loc` means: the path in the data, whether its key is meant, the model that is there (for the
    names of its fields), and each union passed: (path of the union, label of the arm)."""

    path: Path
    is_key: bool
    owner: type[BaseModel] | None
    arms: tuple[tuple[Path, str], ...]


def locate(loc: tuple[str | int, ...], model: type[BaseModel], data: Any) -> Spot:
    """Walk `loc` through `model`; where the annotations do not help, the data decide."""
    path: Path = ()
    arms: list[tuple[Path, str]] = []
    kind: Any = model
    owner: type[BaseModel] | None = None
    for index, part in enumerate(loc):
        choices = _arms(kind)
        if part == "[key]" and index == len(loc) - 1:
            return Spot(path, True, None, tuple(arms))
        if len(choices) > 1:
            arms.append((path, str(part)))
            kind = _pick(choices, str(part))
            continue
        kind = choices[0]
        owner = kind if _is_model(kind) else None
        if kind is None and not _fits(_descend(data, path), part) and index < len(loc) - 1:
            continue
        path = (*path, part)
        kind = _child(kind, part)
    return Spot(path, False, owner, tuple(arms))


def field_names(model: type[BaseModel]) -> list[str]:
    """The names a file may use for the fields of `model`."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _descend(data: Any, path: Path) -> Any:
    for part in path:
        if not _fits(data, part):
            return None
        data = data[part]
    return data


def _fits(node: Any, part: str | int) -> bool:
    if isinstance(node, dict):
        return part in node
    return isinstance(node, list) and isinstance(part, int) and part < len(node)


def value_at(data: Any, path: Path) -> tuple[bool, Any]:
    """Whether there is a value at `path`, and it."""
    if path and not _fits(_descend(data, path[:-1]), path[-1]):
        return False, None
    return True, _descend(data, path)


def _bare(kind: Any) -> Any:
    """Without `Annotated` and without the name of a type alias."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif hasattr(kind, "__value__"):
            kind = kind.__value__
        else:
            return kind


def _arms(kind: Any) -> list[Any]:
    """The arms of a union, None left out; one arm for all else, `None` for a type that is not known."""
    kind = _bare(kind)
    if get_origin(kind) not in (Union, types.UnionType):
        return [kind]
    arms = [arm for arm in get_args(kind) if arm is not type(None)]
    return _arms(arms[0]) if len(arms) == 1 else arms


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _pick(arms: list[Any], label: str) -> Any:
    """The arm that pydantic calls `label`: a discriminator's value, or the type's own name."""
    bare = [_bare(arm) for arm in arms]
    models = [arm for arm in bare if _is_model(arm)]
    for model in models:
        if any(label in map(str, _words(field.annotation)) for field in model.model_fields.values()):
            return model
    named = sorted((arm for arm in models if arm.__name__ in label), key=lambda arm: arm.__name__ != label)
    if named:
        return named[0]
    shaped = [arm for arm in bare if label.startswith(getattr(get_origin(arm) or arm, "__name__", "?"))]
    return shaped[0] if shaped else None


def _words(kind: Any) -> tuple[Any, ...]:
    kind = _bare(kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _child(kind: Any, part: str | int) -> Any:
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
        return None
    origin, args = get_origin(kind), get_args(kind)
    if origin in _MAPPINGS and len(args) == 2:
        return args[1]
    if origin is tuple and isinstance(part, int) and args[-1:] != (Ellipsis,):
        return args[part] if part < len(args) else None
    return args[0] if origin in _SEQUENCES and args else None
