"""What the vectors are of: the sizes and the seed of each algorithm."""

from __future__ import annotations

from collections.abc import Mapping

#: The algorithms, in their order.
ALGORITHMS = tuple(str(number) for number in range(1, 16))

#: Sizes other than those of `spec.inputs.draw`, and like them no two equal that could meet.
#: Training stores all of θ after each step: two heads and narrow layers keep it small.
SIZES: Mapping[str, Mapping[str, int]] = {
    id: {"N_V": 13, "H": 2, "d_mid": 7, "d_mlp": 9, "length(x_n)": 2, "length(z_n)": 5}
    for id in ("11", "12", "13")
}

#: Seeds other than the number of the algorithm. With these each token that is drawn is far from
#: being another (`margin`); in Algorithm 12 the first sequence has no token masked at first, and
#: all others have; Algorithm 15 ends by itself, with its sixth token.
SEEDS: Mapping[str, int] = {"12": 4, "14": 6, "15": 103}

#: How many tokens Algorithm 15 may draw.
TURNS = 8
