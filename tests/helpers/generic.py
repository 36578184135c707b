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
from algorithms.extensions.classifier import EClassifierParameters
from algorithms.extensions.decoder_classifier import DClassifierParameters
from spec import symbols
from spec.inputs.size_table import size_table

P = TypeVar("P")

#: Every size, by its name in Python.
SIZES = {symbols.ascii(name): size for name, size in size_table().items() if "(" not in name}

COMMON = ("N_V", "ell_max", "H", "d_e", "d_attn", "d_mid", "d_mlp")
#: The sizes of θ that an architecture has besides those.
ARCHITECTURES: dict[type, tuple[str, ...]] = {
    EDTransformerParameters: ("L_enc", "L_dec"),
    ETransformerParameters: ("L", "d_f"),
    DTransformerParameters: ("L",),
    EClassifierParameters: ("L", "d_f", "N_C"),
    DClassifierParameters: ("L", "N_C"),
}


def rng(seed: int = 0) -> np.random.Generator:
    """A source of numbers that is the same in every run."""
    return np.random.default_rng(seed)


def theta(parameters: type[P], seed: int = 0, **sizes: int) -> P:
    """A generic θ for one of the architectures."""
    wanted = {name: SIZES[name] for name in (*COMMON, *ARCHITECTURES[parameters])}
    return redrawn(initialise(parameters, rng(seed), **{**wanted, **sizes}), seed)


def heads(seed: int = 0, **sizes: int) -> MHAttentionParameters[Any]:
    """A generic W of Algorithm 5."""
    wanted = {name: SIZES[name] for name in ("H", "d_attn", "d_x", "d_z", "d_mid", "d_out")}
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
