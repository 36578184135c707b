"""Programs as weights: θ written by hand, and nothing trained.

Each function returns parameters with which an algorithm of the
paper, as it is, layer norms included, carries out a program. It is
exact at every length, and to the last bit.
"""

from algorithms.programs.dyck_depth import (
    dyck_depth_weights as dyck_depth_weights,
)
from algorithms.programs.histogram import (
    histogram_weights as histogram_weights,
)
from algorithms.programs.induction import (
    induction_weights as induction_weights,
)
from algorithms.programs.laplace import (
    laplace_weights as laplace_weights,
)
from algorithms.programs.majority import (
    majority_weights as majority_weights,
)
from algorithms.programs.previous_token import (
    previous_token_weights as previous_token_weights,
)
from algorithms.programs.reverse import (
    reverse_weights as reverse_weights,
)
from algorithms.programs.sort import sort_weights as sort_weights

__all__ = [
    "dyck_depth_weights",
    "histogram_weights",
    "induction_weights",
    "laplace_weights",
    "majority_weights",
    "previous_token_weights",
    "reverse_weights",
    "sort_weights",
]
