"""What a call raises: it does not fit, or a number is none."""

from __future__ import annotations

from typing import Any


class ShapeError(ValueError):
    """An array whose shape is not what the signature says."""


class DTypeError(TypeError):
    """A value whose type is not what the signature says."""


class NotFiniteError(ArithmeticError):
    """A loss or a gradient that is infinite or nan.

    `theta` holds the parameters as they were before that step. It
    is None where a result of float16 is nan and no argument is.
    """

    def __init__(self, message: str, theta: Any = None) -> None:
        super().__init__(message)
        self.theta = theta
