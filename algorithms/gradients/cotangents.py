"""Cotangents that are 0 but for a few places, or not yet divided.

The cotangent of an array X is what a loss owes to each of its
entries. Most are arrays of X's own shape. Two kinds are kept in a
smaller form for as long as nobody needs more: what an index hands
on, and what a logarithm does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


class Placed:
    """0 everywhere but at X[key], whose cotangent is `part`."""

    __slots__ = ("key", "part", "shape")

    def __init__(
        self, shape: tuple[int, ...], key: Any, part: Cotangent
    ) -> None:
        self.shape = shape
        self.key = key
        self.part = part

    def add_to(self, total: Values) -> None:
        """Add to an array of X's shape, in place."""
        if not is_basic(self.key):
            np.add.at(total, self.key, dense(self.part))
        elif isinstance(self.part, Placed):
            self.part.add_to(total[self.key])
        else:
            total[self.key] += dense(self.part)

    def pick(self, X: Values) -> Values:
        """The entries of X that the innermost part is for."""
        X = X[self.key]
        part = self.part
        return part.pick(X) if isinstance(part, Placed) else X

    def innermost(self) -> Values | Relative:
        """The part that is no `Placed`."""
        part = self.part
        return (
            part.innermost() if isinstance(part, Placed) else part
        )

    def with_innermost(self, new: Values) -> Placed:
        """The same places, with another innermost part."""
        part = self.part
        if isinstance(part, Placed):
            return Placed(
                self.shape, self.key, part.with_innermost(new)
            )
        return Placed(self.shape, self.key, new)


class Relative:
    """`r / X`, not yet divided: what `log X` hands on.

    softmax wants the cotangent of its result times that result: it
    takes `r`, which is right where X is 0 by underflow too.
    """

    __slots__ = ("X", "r")

    def __init__(self, r: Values, X: Values) -> None:
        self.r = r
        self.X = X


Cotangent = Values | Placed | Relative


def dense(c: Cotangent) -> Values:
    """A cotangent as an array."""
    if isinstance(c, Placed):
        inner = dense(c.innermost())
        total = np.zeros(c.shape, inner.dtype)
        c.with_innermost(inner).add_to(total)
        return total
    if isinstance(c, Relative):  # 0 / 0 is 0 here
        out = np.zeros_like(c.r)
        return np.divide(c.r, c.X, out=out, where=c.r != 0)
    return c


def spread(c: Cotangent, X: Values | None) -> Values | Relative:
    """A cotangent of X without places; divided if X is None."""
    if isinstance(c, Placed) and X is not None:
        inner = c.innermost()
        if isinstance(inner, Relative):
            return Relative(dense(c.with_innermost(inner.r)), X)
    return c if isinstance(c, Relative) else dense(c)


def is_basic(key: Any) -> bool:
    """Whether a key has no arrays in it: X[key] is a view of X."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, slice | int | np.integer)
        for part in parts
    )
