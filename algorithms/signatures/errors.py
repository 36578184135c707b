"""What a call that does not fit its signature raises."""

from __future__ import annotations


class ShapeError(ValueError):
    """An array whose shape is not what the signature says."""


class DTypeError(TypeError):
    """A value whose type is not what the signature says."""
