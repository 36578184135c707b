"""What ends a run that cannot go on."""

from __future__ import annotations

from typing import Any


class NotFiniteError(ArithmeticError):
    """A loss or a gradient that is not finite, named by its step.

    Attributes
    ----------
    theta, state
        The parameters and the optimiser's state after the last step
        that was finite.
    """

    def __init__(
        self, message: str, theta: Any, state: Any
    ) -> None:
        super().__init__(message)
        self.theta, self.state = theta, state
