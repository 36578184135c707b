"""Trees: parameters, named tuples, tuples, lists and dicts, with numbers and arrays for leaves."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from spec.machine.values import Parameters

Tree = Any
Path = tuple[str | int, ...]


def leaves(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every leaf of a tree with its path: `("layers", 0, "W_q")` and an array.

    A step of a path is the name of a field, or a place in a tuple or a list, counted from 0.
    """
    steps: Iterable[Any]
    parts: Iterable[Any]
    match tree:
        case Parameters(_, fields):
            steps, parts = map(str, fields), fields.values()
        case dict():
            steps, parts = tree.keys(), tree.values()
        case tuple() | list():
            steps, parts = getattr(tree, "_fields", range(len(tree))), tree
        case _:
            yield path, tree
            return
    for step, part in zip(steps, parts, strict=True):
        yield from leaves(part, (*path, step))


def arrays(tree: Tree) -> Iterator[Any]:
    """Yield the leaves of a tree that are arrays, of any library."""
    return (leaf for _, leaf in leaves(tree) if hasattr(leaf, "dtype"))


def map_values(change: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """Return a tree with `change` of each leaf in its place; of the same leaf of several trees."""
    match tree:
        case Parameters(algorithm, fields, sizes):
            changed = {
                key: map_values(change, part, *(other.fields[key] for other in others))
                for key, part in fields.items()
            }
            return Parameters(algorithm, changed, sizes)
        case dict():
            return {
                key: map_values(change, part, *(other[key] for other in others))
                for key, part in tree.items()
            }
        case tuple() | list():
            parts = (map_values(change, *part) for part in zip(tree, *others, strict=True))
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return change(tree, *others)


def map_arrays(change: Callable[[Any], Any], tree: Tree) -> Tree:
    """Return a tree with `change` of each array in its place."""
    return map_values(lambda leaf: change(leaf) if hasattr(leaf, "dtype") else leaf, tree)


def same(tree: Tree, other: Tree) -> bool:
    """Say whether two trees have the same form and the same numbers; nan is the same as nan."""
    pairs = list(leaves(tree)), list(leaves(other))
    return len(pairs[0]) == len(pairs[1]) and all(
        path == path_of_other and _equal(leaf, leaf_of_other)
        for (path, leaf), (path_of_other, leaf_of_other) in zip(*pairs, strict=True)
    )


def _equal(leaf: Any, other: Any) -> bool:
    if not (hasattr(leaf, "dtype") and hasattr(other, "dtype")):
        return bool(leaf == other)
    floats = leaf.dtype.kind == other.dtype.kind == "f"
    return np.array_equal(leaf, other, equal_nan=floats)
