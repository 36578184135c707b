"""What an annotation says besides a shape: marks, in `Annotated`.

`Annotated[tuple[Layer[A], ...], Count("L")]`: L layers. They are
read by `annotations`.
"""

from __future__ import annotations

from typing import NamedTuple


class With:
    """Other names for the sizes of a part: `With(d_x="d_e")`.

    The paper's "as in Algorithm 5 with d_x = d_e". `batch="H"`
    names the part's leading axes, `batch=""` says it has none.
    """

    def __init__(self, **names: str) -> None:
        self.names = names


class Count(NamedTuple):
    """The name of a tuple's or a sequence's length."""

    name: str


class Below(NamedTuple):
    """Indices 0 … size-1, and what one of them is called."""

    size: str
    noun: str


class MayBeEmpty(NamedTuple):
    """An axis that may be of length 0: a cache of no token, say."""

    axis: str


class RightPadding:
    """True at tokens, then False at what fills up a sequence."""


class Weights(NamedTuple):
    """Numbers to draw by: none below 0, none nan.

    `sum_is_1` says that they are a distribution, up to rounding.
    """

    sum_is_1: bool = False


class AllEntries(NamedTuple):
    """θ as one vector: an array, or the arrays of any record.

    `size` is the name of the number of entries. All arguments of
    one size have the same arrays, of the same shapes.
    """

    size: str
