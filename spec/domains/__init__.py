"""The kinds of numbers that the algorithms can be run on.

Balls, which enclose the exact numbers, are imported from `spec.domains.balls`, since only they
need python-flint.
"""

from spec.domains.domain import Domain, UndecidedError
from spec.domains.floats import Floats
from spec.domains.reverse import Reverse, Variable

__all__ = ["Domain", "Floats", "Reverse", "UndecidedError", "Variable"]
