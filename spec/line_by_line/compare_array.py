"""An array of the code beside the values that it should hold at several visits of a line."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb

from spec.domains.depth import deepest
from spec.expected.line_values import LineValues
from spec.expected.rounding_bounds import distances, distinct_digits, gamma, spacing
from spec.inputs.array_conversion import Array, to_numpy
from spec.line_by_line.array_axes import ArrayAxes, VisitAxes, is_whole, laid_out
from spec.line_by_line.findings import Agreement, Mismatch
from spec.line_by_line.pair_arrays import short_repr
from spec.machine import Value


class ComparedArray:
    """An array of the code, to be compared; a `Mismatch` is raised if it cannot hold visits.

    Attributes
    ----------
    name, code
        The variable, with the path of the array in it, `W_qkv.b_q`, and the array, as NumPy's.
    runs, depths
        The exact array at each visit, for each member of the batch; and at each visit the depths of
        its numbers, which all members share.
    axes, batch_axes, visits
        The meaning of its axes, the number of its batch axes, and its axes of visits.
    of
        The variable's name in the pseudocode, and the path of the array in it.
    """

    def __init__(
        self,
        name: str,
        code: Any,
        runs: Sequence[Sequence[Value]],
        depths: Sequence[Value],
        batch: tuple[int, ...],
        of_heads: bool,
        argument: bool,
        *,
        of: tuple[str, str] = ("", ""),
    ) -> None:
        self.name = name
        self.of = of
        self.runs = [[laid_out(visit) for visit in run] for run in runs]
        self.depths = depths
        shape, *others = {visit.shape for run in self.runs for visit in run}
        if others:
            raise Mismatch(f"{name} stands for visits of several shapes")
        self.axes = ArrayAxes(shape, batch, of_heads, argument)
        array = to_numpy(code)
        if array is None:
            raise Mismatch(f"{name} is {short_repr(code)}; one visit has shape {shape}")
        self.code = array
        reading = self.axes.read(array.shape)
        if reading is None:
            raise Mismatch(self.shape_and_visit)
        self.batch_axes, self.visits = reading

    @property
    def shape_and_visit(self) -> str:
        """The shape of the array, and the shape of what one visit sets, in a clause."""
        return f"{self.name} has shape {self.code.shape}; one visit has {self.axes.visit}"

    def at_visits(self, visits: VisitAxes) -> Array:
        """Return what it holds at visits along all these axes, the visits in a first axis.

        Of a batch it is what the first member has.
        """
        first: Array = self._spread(self.code, visits)[(0,) * len(self.axes.batch)]
        return first

    def compare(self, line: str, expected: LineValues, visits: VisitAxes) -> Agreement | None:
        """Return how close the array is; None for whole numbers. Raise a mismatch if it differs.

        The array stands for visits along all these axes.
        """
        stacked = [np.stack(run) for run in self.runs]
        exact = np.stack(stacked) if self.axes.batch else stacked[0]
        nearest = exact.astype(float)  # the double nearest to each entry
        code = self._spread(self.code, visits)
        if is_whole(self.runs[0][0]):
            self._refuse(code, nearest, code != nearest, visits)
            return None
        numbers = (entry for visit in self.depths for entry in laid_out(visit).ravel().tolist())
        depth = deepest(numbers)
        precision = expected.inputs.coarsest_type
        bound = gamma(depth, precision) * expected.scale
        errors = distances(code, exact)
        self._refuse(code, nearest, ~(errors <= bound), visits)
        # What is 0 is known only as a ball around it.
        zero = [isinstance(ball, arb) and ball.contains(0) for ball in exact.ravel().tolist()]
        ulp = spacing(np.where(np.reshape(zero, exact.shape), 0.0, nearest), precision)
        return Agreement(line, float(errors.max(initial=0)), bound, ulp, depth)

    def _spread(self, array: Array, visits: VisitAxes) -> Array:
        return self.axes.spread(array, self.batch_axes, self.visits, visits)

    def _refuse(self, code: Array, right: Array, wrong: Array, visits: VisitAxes) -> None:
        """Raise a mismatch that shows the first entry which is wrong, if one is."""
        if not wrong.any():
            return
        index = tuple(int(axis[0]) for axis in np.nonzero(wrong))
        places = np.arange(self.code.size).reshape(self.code.shape)
        place = self._spread(places, visits)[index]
        own_index = [int(at) for at in np.unravel_index(place, self.code.shape)]
        where = f", at {own_index}" if own_index else ""
        count = f"; {wrong.sum()} of {wrong.size} differ" if wrong.size > 1 else ""
        is_, has = distinct_digits(float(code[index]), float(right[index]))
        raise Mismatch(f"{self.name} is {is_} where the pseudocode has {has}{where}{count}")
