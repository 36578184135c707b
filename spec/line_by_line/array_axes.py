"""Which axes of an array of the code stand for the batch, for visits, and for one visit's value.

The pseudocode sets a value at each visit of a line. Code may do many visits at once, and for every
member of a batch, and hold all of it in one array. For a batch of two its shape is then

    what one visit sets      at one visit     at three visits
    a number,    ()          (2,)             (2, 3)          visits stand last, side by side
    a column,    (4,)        (2, 4)           (2, 4, 3)       likewise
    a matrix,    (4, 7)      (2, 4, 7)        (2, 3, 4, 7)    visits stand in front of the matrix

Of parameters, the visits are those of heads, which always stand in front: b_q of three heads has
the shape (3, 4). An argument of a call may be shared by the batch: a Mask of shape (4, 7), or
(1, 4, 7), is the mask of both members, and of all visits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spec.inputs.array_conversion import Array
from spec.machine import Value


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
    shared
        Whether the batch axes may be missing, or have length 1: as in an argument of a call.
    """

    visit: tuple[int, ...]
    batch: tuple[int, ...] = ()
    of_heads: bool = False
    shared: bool = False

    @property
    def visits_in_front(self) -> bool:
        """Whether the axis of several visits stands in front of one visit's, and not behind."""
        return self.of_heads or len(self.visit) == 2

    def read(self, shape: tuple[int, ...]) -> tuple[int, int] | None:
        """Return how many axes of a shape are of the batch, and how many visits it holds.

        Returns
        -------
        tuple or None
            None if an array of this shape cannot hold visits.

        Examples
        --------
        >>> axes = ArrayAxes((4, 7), batch=(2,))
        >>> axes.read((2, 4, 7)), axes.read((2, 3, 4, 7)), axes.read((4, 7))
        ((1, 1), (1, 3), None)
        """
        if shape == self.visit == ():  # a number that all members of the batch have: a length
            return 0, 1
        leads = [self.batch, (1,) * len(self.batch), ()] if self.shared else [self.batch]
        # Parameters have no batch: an axis as long as the batch is that of the heads.
        for lead in reversed(leads) if self.of_heads else leads:
            if shape[: len(lead)] == lead and (visits := self._visits(shape[len(lead) :])):
                return len(lead), visits
        return None

    def _visits(self, rest: tuple[int, ...]) -> int:
        """Return how many visits a shape without batch axes holds; 0 if it cannot hold any."""
        if rest == self.visit:
            return 1
        if self.visits_in_front:
            return rest[0] if rest[1:] == self.visit else 0
        of_numbers = self.visit == () and rest[:-1] == (1,)  # as `keepdims` leaves them
        return rest[-1] if rest[:-1] == self.visit or of_numbers else 0

    def spread(self, array: Array, batch_axes: int, visits: int) -> Array:
        """Return an array with every axis: the batch's, that of visits and one visit's."""
        batch, rest = array.shape[:batch_axes], array.shape[batch_axes:]
        if rest == self.visit:
            rest = (1, *self.visit) if self.visits_in_front else (*self.visit, 1)
        elif self.visit == ():
            rest = rest[-1:]
        missing = (1,) * (len(self.batch) - batch_axes)
        several = (visits, *self.visit) if self.visits_in_front else (*self.visit, visits)
        return np.broadcast_to(array.reshape(*missing, *batch, *rest), (*self.batch, *several))

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
