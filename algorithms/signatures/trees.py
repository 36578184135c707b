"""θ as a tree of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar, overload

from algorithms.signatures.arrays import A, A_co, Floats

B = TypeVar("B", bound=Floats)
B_contra = TypeVar("B_contra", bound=Floats, contravariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Map = Callable[[A], B]


class Tree(Protocol[A_co, B_contra, T_co]):
    """A class of parameters that holds arrays of type A.

    Its `map` returns T, the same class with arrays of type B.
    A type checker cannot say "the same class with other arrays".
    Each class of parameters says it of itself, by its method `map`;
    from it `initialise` and `tree_map` know the type they give.
    """

    def map(self, f: Callable[[A_co], B_contra], /) -> T_co:
        """The same with `f` of each array."""
        ...


@overload
def tree_map(
    function: Callable[[A], B], tree: Tree[A, B, T]
) -> T: ...
@overload
def tree_map(
    function: Callable[..., Any], tree: T, *trees: T
) -> T: ...
def tree_map(
    function: Callable[..., Any], tree: Any, *trees: Any
) -> Any:
    """`function` of each array of θ, as another θ.

    With several trees, `function` takes an array of each.
    A part that is None stays None.

    >>> from algorithms import AttentionParameters, tree_map
    >>> W_qkv = AttentionParameters(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    >>> tree_map(lambda w: 10 * w, W_qkv).b_q
    20.0
    """
    if not isinstance(tree, tuple):
        return tree if tree is None else function(tree, *trees)
    parts = map_each(function, tree, *trees)
    return getattr(type(tree), "_make", tuple)(parts)


def map_each(
    function: Callable[..., Any], *trees: tuple[Any, ...]
) -> Iterator[Any]:
    """The parts of what `tree_map` gives."""
    for parts in zip(*trees, strict=True):
        yield tree_map(function, *parts)


def named_arrays(tree: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each array of θ, with its path: `theta.layers[0].W.b_o`.

    >>> from algorithms.signatures.trees import named_arrays
    >>> [*named_arrays((1.0, (2.0,)), "m")]
    [('m[0]', 1.0), ('m[1][0]', 2.0)]
    """
    if not isinstance(tree, tuple):
        if tree is not None:
            yield name, tree
        return
    fields = getattr(tree, "_fields", None)
    for n, part in enumerate(tree):
        place = f".{fields[n]}" if fields else f"[{n}]"
        yield from named_arrays(part, name + place)
