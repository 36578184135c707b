"""`value_and_gradient`: reverse mode over arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heappop, heappush
from typing import Any, TypeVar

import numpy as np

# The rules enter themselves into their tables.
from algorithms.gradients import array_rules as array_rules
from algorithms.gradients import numbered_rules as numbered_rules
from algorithms.gradients.cotangents import Cotangent, Placed, dense
from algorithms.gradients.tracked_array import (
    RECOMPUTED,
    Node,
    Run,
    Tracked,
    refuse_second,
)
from algorithms.signatures.array_types import (
    library,
    misleading,
    type_name,
)
from algorithms.signatures.arrays import A
from algorithms.signatures.decorator import unchecked
from algorithms.signatures.errors import DTypeError
from algorithms.signatures.trees import tree_map

Theta = TypeVar("Theta")


def value_and_gradient(
    loss: Callable[[Theta], A],
    theta: Theta,
    *,
    recompute: Collection[str] = (),
) -> tuple[A, Theta]:
    """`loss(theta)`, and its gradient in the form of theta.

    Parameters
    ----------
    loss : function of theta
        Made of the functions of this package, of NumPy's and of
        operators on arrays. It gives one number.
    theta : tree of NumPy arrays
        Any of the classes of parameters, or tuples of arrays of
        floats. `loss` leaves it as it is.
    recompute : names of functions, optional
        "MHAttention" or "Attention": of these nothing is kept but
        their arguments, and what happens inside is computed again
        on the way back. It saves memory, and costs time.

    Returns
    -------
    value : float
        `loss(theta)`.
    gradient : as theta
        The slope of the loss along each entry; new arrays, of the
        types of theta's. 0 where the loss does not depend on one.

    Raises
    ------
    TypeError
        The loss does something that has no rule: the error names
        it. So are second derivatives refused, and what would turn
        an array that depends on theta into a constant in silence,
        `float(x)` or `numpy.asarray(x)`. Comparisons give plain
        booleans.
    DTypeError
        An array of theta is not one of NumPy's, or has no floats.
    ValueError
        `recompute` holds another name, or the loss is no number.

    Notes
    -----
    The functions run as they are, on arrays that remember what they
    were computed from. Where the pullback of a function is known
    (softmax, GELU, ReLU, Algorithms 1, 2 and 6) it is taken as a
    whole, else line by line. `log` of a probability that underflows
    to 0 is found from the scores: neither the loss nor its gradient
    overflow where they are finite.

    Source: Linnainmaa 1970, "The representation of the cumulative
    rounding error of an algorithm as a Taylor expansion of the
    local rounding errors"; Griewank & Walther 2008, *Evaluating
    Derivatives*, chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> theta = (np.array([1.0, 2.0]), np.array(3.0))
    >>> value_and_gradient(lambda w: np.sum(w[0]**2) * w[1], theta)
    (np.float64(15.0), (array([ 6., 12.]), array(5.)))
    """
    if unknown := {*recompute} - RECOMPUTED:
        names = ", ".join(map(repr, sorted(unknown)))
        raise ValueError(
            f"value_and_gradient: recompute holds {names}, want "
            f"some of {', '.join(sorted(RECOMPUTED))}"
        )
    run = Run(frozenset(recompute))
    leaves = tree_map(lambda w: _leaf(run, w), theta)
    result: Any = loss(leaves)
    if np.shape(result) != ():
        raise ValueError(
            "value_and_gradient: loss gives an array of shape "
            f"{np.shape(result)}, want a number"
        )
    value = result
    if isinstance(result, Tracked):
        if result.node.run is not run:
            refuse_second("the loss")
        value, node = result.value, result.node
        del result  # or the sweep would keep its value
        with unchecked():
            sweep(node, np.ones_like(value))
    seen: set[int] = set()
    return value, tree_map(lambda w: _gradient(w, seen), leaves)


def _leaf(run: Run, w: Any) -> Tracked:
    """An array of θ, from which on all is tracked."""
    if isinstance(w, Tracked):
        refuse_second("theta")
    if library(w) != "numpy" or misleading(w):
        have = misleading(w) or type_name(type(w))
        raise DTypeError(
            f"value_and_gradient: theta holds a {have}, want "
            "NumPy's arrays of floats"
        )
    if w.dtype.kind != "f":
        raise DTypeError(
            f"value_and_gradient: theta holds {w.dtype.name}, want "
            "floats"
        )
    return Tracked(w, Node(run, w))


def _gradient(w: Tracked, seen: set[int]) -> Any:
    """A leaf's cotangent, as an array that nobody else holds."""
    received(w.node)
    c = w.node.cotangent
    if c is None:
        return np.zeros_like(w.value)
    shared = id(c) in seen or getattr(c, "base", None) is not None
    seen.add(id(c))
    return np.array(c) if shared else np.asarray(c)


def sweep(node: Node, c: Cotangent) -> None:
    """Hand on a node's cotangent to all that it was computed from.

    Whatever is computed from others was made after them: who was
    made last comes first, and then has received all it will get.
    """
    receive(node, c)
    waiting = [(-node.order, node)]
    while waiting:
        _, node = heappop(waiting)
        parents, pull = node.parents, node.pull
        if pull is None:
            continue  # a leaf, which keeps what it received
        parts = node.others
        if not node.takes:
            received(node)
            parts = []
        c = node.cotangent
        node.parents, node.pull, node.others = (), None, []
        node.cotangent = None
        for part in parts if c is None else (*parts, c):
            for parent, given in zip(
                parents, pull(part), strict=True
            ):
                if parent.cotangent is None and not parent.others:
                    heappush(waiting, (-parent.order, parent))
                receive(parent, given)


def receive(node: Node, c: Cotangent) -> None:
    """Add to the cotangent of a node."""
    if not isinstance(c, np.ndarray | np.generic):
        node.others.append(c)
        return
    c = fitted(c, node)
    if node.cotangent is None:
        node.cotangent = c
    elif node.owned:
        node.cotangent += c
    else:
        node.cotangent = np.add(node.cotangent, dense(c))
        node.owned = isinstance(node.cotangent, np.ndarray)


def received(node: Node) -> None:
    """Make one array of all that a node has received."""
    for c in node.others:
        if isinstance(c, Placed) and node.owned:
            c.add_to(node.cotangent)
        else:
            receive(node, dense(c))
    node.others = []


def fitted(c: Any, node: Node) -> Any:
    """A cotangent of the shape to which a value was broadcast.

    Summed along the axes that the value lacks, and in its type.
    """
    if c.shape != node.shape:
        extra = c.ndim - len(node.shape)
        axes = (
            *range(extra),
            *(
                extra + i
                for i, n in enumerate(node.shape)
                if n == 1 and c.shape[extra + i] != 1
            ),
        )
        c = np.sum(c, axis=axes, keepdims=True).reshape(node.shape)
    return c.astype(node.dtype, copy=False)
