"""The kinds of numbers that the algorithms can be run on.

Balls, which enclose the exact numbers, are imported from `spec.domains.balls`, since only they
need python-flint.
"""

from spec.domains.domain import Differentiable, Domain
from spec.domains.floats import Floats
from spec.domains.reverse import Reverse, Variable

__all__ = ["Differentiable", "Domain", "Floats", "Reverse", "Variable"]
