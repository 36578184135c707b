"""Parameters and tokens with nothing special about them.

`initialise` gives zeros and ones, which hide mistakes: a lost bias, a γ never read. Here every
array of θ is drawn from one distribution, and no two sizes are equal, so that no transpose goes
unseen.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from algorithms import (
    DTransformerParameters,
    EDTransformerParameters,
    ETransformerParameters,
    MHAttentionParameters,
    initialise,
    tree_map,
)

P = TypeVar("P")

SIZES = {"N_V": 23, "ell_max": 11, "H": 3, "d_e": 8, "d_attn": 4, "d_mid": 5, "d_mlp": 13}

#: A θ for each architecture: the sizes it adds to those above.
ARCHITECTURES: dict[type, dict[str, int]] = {
    EDTransformerParameters: {"L_enc": 2, "L_dec": 2},
    ETransformerParameters: {"L": 2, "d_f": 7},
    DTransformerParameters: {"L": 2},
}


def rng(seed: int = 0) -> np.random.Generator:
    """A source of numbers that is the same in every run."""
    return np.random.default_rng(seed)


def theta(parameters: type[P], seed: int = 0, **sizes: int) -> P:
    """A generic θ for one of the architectures."""
    return redrawn(
        initialise(parameters, rng(seed), **{**SIZES, **ARCHITECTURES[parameters], **sizes}),
        seed,
    )


def heads(seed: int = 0, **sizes: int) -> MHAttentionParameters[Any]:
    """A generic W of Algorithm 5."""
    wanted = {"H": 3, "d_attn": 4, "d_x": 8, "d_z": 9, "d_mid": 5, "d_out": 7}
    return redrawn(initialise(MHAttentionParameters, rng(seed), **{**wanted, **sizes}), seed)


def redrawn(tree: P, seed: int = 0) -> P:
    """The same θ with a normal number added to every entry."""
    source = rng(seed + 1)
    return tree_map(lambda w: w + (0.3 * source.standard_normal(w.shape)).astype(w.dtype), tree)


def tokens(*shape: int, N_V: int = SIZES["N_V"], seed: int = 0) -> Any:
    """Token IDs, all equally likely."""
    return rng(seed + 2).integers(0, N_V, shape)


def matrix(*shape: int, seed: int = 0) -> Any:
    """Normal entries."""
    return rng(seed + 3).standard_normal(shape)
