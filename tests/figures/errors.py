"""How far each line of the reference is from the exact value, at worst, over drawn inputs.

In units in the last place of the largest entry that the line sets, beside the bound. What an
error and its bound are is said in `spec.line_by_line.tie` and `spec.expected.rounding_bounds`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from helpers.cases import TRAINING, case

from spec.expected.line_values import LineValues
from spec.library import checked
from spec.line_by_line.tie import hold_to_lines
from spec.pairing import implementations

#: Sizes by name: small enough for every test run, and those of a small model.
SIZES: Mapping[str, Mapping[str, int]] = {
    "tiny": {},
    "middling": {
        "L": 4,
        "L_enc": 4,
        "L_dec": 4,
        "H": 4,
        "N_V": 256,
        "ℓ_max": 32,
        "d_e": 64,
        "d_x": 64,
        "d_z": 48,
        "d_in": 64,
        "d_attn": 16,
        "d_mid": 20,
        "d_out": 56,
        "d_mlp": 128,
        "d_f": 72,
        "T": 16,
        "ℓ_x": 16,
        "ℓ_z": 14,
        "length(x)": 16,
        "length(z)": 14,
        "length(x_n)": 16,
        "length(z_n)": 14,
        "N_data": 1,
        "N_epochs": 1,
    },
}
SEEDS = {"tiny": 5, "middling": 1}
PRECISIONS: tuple[Any, ...] = (np.float64, np.float32)

Figures = dict[str, dict[str, float]]


def figures(id: str, sizes: str) -> dict[str, Figures]:
    """The worst error of each line of an algorithm, in each precision."""
    found: dict[str, Figures] = {}
    function = implementations("algorithms")[id]
    for seed in range(SEEDS[sizes] if id not in TRAINING else 1):
        expected = LineValues(checked(), id, case(id, seed, **SIZES[sizes]))
        for precision in PRECISIONS:
            lines = found.setdefault(np.dtype(precision).name, {})
            expected.inputs = case(id, seed, dtype=precision, **SIZES[sizes])
            tie = hold_to_lines(expected, function)
            assert not tie.differences, tie.differences[0]
            for one in tie.agreements:
                if not one.line.startswith(f"{id}."):
                    continue
                worst = lines.setdefault(one.line, {"depth": 0, "ulps": 0.0, "bound": 0.0})
                worst["depth"] = max(worst["depth"], one.depth)
                worst["ulps"] = max(worst["ulps"], rounded(one.error / one.ulp))
                worst["bound"] = max(worst["bound"], rounded(one.bound / one.ulp))
    return found


def rounded(figure: float) -> float:
    """A figure in two digits, rounded up: a bound stays one."""
    if figure == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(figure)) - 1)
    return float(f"{math.ceil(figure / step) * step:.2g}")
