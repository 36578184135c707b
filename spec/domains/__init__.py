"""What a real number may be, when the algorithms are run.

Balls, which enclose the exact numbers, are imported from `spec.domains.balls`: only they need
python-flint.
"""

from spec.domains.counting import Counting
from spec.domains.domain import Differentiable, Domain
from spec.domains.floats import Floats
from spec.domains.reverse import Reverse, Variable

__all__ = ["Counting", "Differentiable", "Domain", "Floats", "Reverse", "Variable"]
