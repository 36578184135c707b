"""Which axes of an array of the code stand for the batch, for visits, and for one visit's value.

The pseudocode sets a value at each visit of a line. Code may do many visits at once, and for every
member of a batch, and hold all of it in one array. For a batch of two its shape is then

    what one visit sets      at one visit     at three visits
    a number,    ()          (2,)             (2, 3)          visits stand last, side by side
    a column,    (4,)        (2, 4)           (2, 4, 3)       likewise
    a matrix,    (4, 7)      (2, 4, 7)        (2, 3, 4, 7)    visits stand in front of the matrix

Of several loops the inner ones stand further back, and a loop over tokens last: five numbers or
columns for each of three heads of two groups have the shapes (2, 3, 5) and (2, 3, 4, 5).

Of parameters, the visits are those of heads, which always stand in front: b_q of three heads has
the shape (3, 4). An array may be shared by the batch: a Mask of shape (4, 7), or (1, 4, 7), is the
mask of both members, and of all visits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from spec.inputs.array_conversion import Array
from spec.machine import Value


class VisitAxes(NamedTuple):
    """The lengths of the axes of visits: those in front of one visit's axes, and the last one."""

    front: tuple[int, ...] = ()
    last: int = 1

    @property
    def visits(self) -> int:
        """How many visits there are."""
        return prod(self.front) * self.last


ONE_VISIT = VisitAxes()


def together(several: Iterable[VisitAxes]) -> VisitAxes | None:
    """Return the axes of arrays of which one may stand for many; None if they do not fit.

    >>> together([VisitAxes((2, 1)), VisitAxes((3,)), VisitAxes((), 5)])
    VisitAxes(front=(2, 3), last=5)
    """
    several = list(several)
    try:
        front = np.broadcast_shapes(*(axes.front for axes in several))
        (last,) = np.broadcast_shapes(*((axes.last,) for axes in several))
    except ValueError:
        return None
    return VisitAxes(front, last)


@dataclass(frozen=True)
class ArrayAxes:
    """What the axes of an array of the code may stand for.

    Attributes
    ----------
    visit
        The shape of what one visit sets: `(4, 7)`.
    batch
        The batch axes of the code: `(2,)`, or `()` where there is no batch.
    of_heads
        Whether several visits are those of heads, which stand in front whatever their shape is.
    argument
        Whether it is an argument of a call. An axis as long as the batch is then that of heads.
    """

    visit: tuple[int, ...]
    batch: tuple[int, ...] = ()
    of_heads: bool = False
    argument: bool = False

    @property
    def visits_in_front(self) -> bool:
        """Whether all axes of visits stand in front of one visit's, and none behind."""
        return self.of_heads or len(self.visit) >= 2

    def read(self, shape: tuple[int, ...]) -> tuple[int, VisitAxes] | None:
        """Return how many axes of a shape are of the batch, and which are of visits.

        Returns
        -------
        tuple or None
            None if an array of this shape cannot hold visits.

        Examples
        --------
        >>> axes = ArrayAxes((4, 7), batch=(2,))
        >>> axes.read((2, 4, 7)), axes.read((2, 3, 4, 7)), axes.read((2, 7, 4))
        ((1, VisitAxes(front=(), last=1)), (1, VisitAxes(front=(3,), last=1)), None)
        """
        leads = [self.batch, (1,) * len(self.batch), ()]
        for lead in reversed(leads) if self.of_heads and self.argument else leads:
            if shape[: len(lead)] == lead and (axes := self._visits(shape[len(lead) :])):
                return len(lead), axes
        return None

    def _visits(self, rest: tuple[int, ...]) -> VisitAxes | None:
        """Return the axes of visits in a shape without batch axes, if it has visits."""
        if rest == self.visit:
            return VisitAxes()
        in_front = len(rest) - len(self.visit)
        if in_front < 1 or not prod(rest):
            return None
        if self.visits_in_front:
            return VisitAxes(rest[:in_front]) if rest[in_front:] == self.visit else None
        front, visit, last = rest[: in_front - 1], rest[in_front - 1 : -1], rest[-1]
        if self.visit == () and front[-1:] == (1,):  # as `keepdims` leaves it
            front = front[:-1]
        return VisitAxes(front, last) if visit == self.visit else None

    def spread(self, array: Array, batch_axes: int, own: VisitAxes, axes: VisitAxes) -> Array:
        """Return an array with every axis: the batch's, one of all visits, and one visit's.

        The array has visits along axes of its `own`, and stands for those along others, too.
        """
        batch = (1,) * (len(self.batch) - batch_axes) + array.shape[:batch_axes]
        front = (1,) * (len(axes.front) - len(own.front)) + own.front
        if self.visits_in_front:
            array = array.reshape(*batch, *front, 1, *self.visit)
        else:
            array = array.reshape(*batch, *front, *self.visit, own.last)
            array = np.moveaxis(array, -1, len(batch) + len(front))
        whole = np.broadcast_to(array, (*self.batch, *axes.front, axes.last, *self.visit))
        return whole.reshape(*self.batch, axes.visits, *self.visit)

    def stack(self, visits: Sequence[Array]) -> Array:
        """Return the arrays of several visits as one, as an array of the code holds them."""
        return np.stack(visits, axis=0 if self.visits_in_front else -1)


def laid_out(value: Value) -> Array:
    """Return a value of the pseudocode as an array of objects, with the axes that code has for it.

    A set stands in order; the members of a family stand side by side, or matrices in a first axis;
    parameters of several heads, a tuple here, stand in a first axis.
    """
    match value:
        case np.ndarray():
            return value
        case list() | set():
            return np.array(sorted(value) if isinstance(value, set) else value, dtype=object)
        case dict():
            members = [laid_out(value[index]) for index in sorted(value)]
            return ArrayAxes(members[0].shape).stack(members)
        case tuple():
            return np.stack([laid_out(member) for member in value])
    return np.array(value, dtype=object)


def is_whole(array: Array) -> bool:
    """Say whether an array of objects holds tokens or counts, which are compared as they are."""
    return all(isinstance(entry, int) for entry in array.ravel().tolist())
