"""The leading axes of the arrays in one call: batches and heads.

Arrays declared with `*batch` all have the same leading axes. Those
declared with `*#batch` broadcast, as NumPy's do:

    Attention                      leading axes
    X      (5, 1, d_x, ell_x)      5, 1    of inputs
    Z         (1, d_z, ell_z)         1
    Mask           (ell_z, ell_x)
    W_q       (3, d_attn, d_x)        3    of parameters
    result (5, 3, d_out, ell_x)    5, 3

Here each of 3 heads reads each of 5 sequences. Were X's leading
axes (5, 3), each head would read sequences of its own, and nobody
would notice. Therefore an axis longer than 1 of an input never
meets one of a parameter.
"""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

Shape = tuple[int, ...]


class LeadingAxes:
    """The leading axes met so far."""

    def __init__(self) -> None:
        self.same: Shape | None = None  # of "*batch"
        self.inputs: Shape = ()  # of "*#batch", broadcast
        self.parameters: Shape = ()  # the same, within θ
        self.input_met_parameter = False

    def accept(
        self, batch: str, shape: Shape, parameter: bool
    ) -> bool:
        """Whether an array's leading axes agree with all before.

        `batch` is "*batch" or "*#batch"; `parameter` says
        whether the array is one.
        """
        try:
            if batch == "*batch":
                if self.same is None:
                    self.same = shape
                    before = _broadcast(
                        self.inputs, self.parameters
                    )
                    return _broadcast(before, shape) == shape
                return self.same == shape
            if parameter:
                self.parameters = _broadcast(self.parameters, shape)
            else:
                self.inputs = _broadcast(self.inputs, shape)
            self.input_met_parameter = any(
                1 not in sizes
                for sizes in zip_longest(
                    reversed(self.inputs),
                    reversed(self.parameters),
                    fillvalue=1,
                )
            )
            return not self.input_met_parameter and (
                self.same is None
                or _broadcast(self.same, shape) == self.same
            )
        except ValueError:  # two sizes that do not broadcast
            return False

    def close(self) -> None:
        """Fix the leading axes of the result, at the end."""
        if self.same is None:
            self.same = _broadcast(self.inputs, self.parameters)

    @property
    def known(self) -> Shape:
        """The leading axes as far as they are known."""
        if self.same is not None:
            return self.same
        return max(self.inputs, self.parameters, key=len)


def _broadcast(a: Shape, b: Shape) -> Shape:
    return a if a == b else np.broadcast_shapes(a, b)
