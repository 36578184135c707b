"""What does the check of a call cost?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from algorithms import (
    Attention,
    AttentionParameters,
    DTransformer,
    DTransformerParameters,
    MHAttention,
    initialise,
    layer_norm,
    unidirectional_mask,
)
from algorithms.signatures import decorator
from bench.timing import ratio, times

SIZES = {
    "tiny": {"d_e": 12, "ell": 7, "H": 3, "L": 2, "N_V": 50},
    "d_e = 768": {"d_e": 768, "ell": 512, "H": 12, "L": 2, "N_V": 1_000},
}


def calls(d_e: int, ell: int, H: int, L: int, N_V: int) -> dict[str, Callable[[], Any]]:
    """A call of four functions at one size."""
    rng = np.random.default_rng(0)
    theta = initialise(
        DTransformerParameters,
        rng,
        dtype=np.float32,
        N_V=N_V,
        ell_max=ell,
        L=L,
        H=H,
        d_e=d_e,
        d_attn=d_e // H,
        d_mid=d_e // H,
        d_mlp=4 * d_e,
    )
    W = theta.layers[0].W
    head = AttentionParameters(*(part[0] for part in W.W_qkv))
    X = rng.standard_normal((d_e, ell)).astype(np.float32)
    Mask, x = unidirectional_mask(X), rng.integers(0, N_V, ell)
    return {
        "layer_norm": partial(layer_norm, X, theta.gamma, theta.beta),
        "Attention": partial(Attention, X, X, head, Mask),
        "MHAttention": partial(MHAttention, X, X, W, Mask),
        "DTransformer, L = 2": partial(DTransformer, x, theta),
    }


def unchecked(call: Callable[[], Any]) -> Any:
    """The same call with the switch off."""
    decorator.enabled = False
    try:
        return call()
    finally:
        decorator.enabled = True


def measure() -> None:
    """Print a table: each function with and without its check, tiny and large."""
    table = Table("function", "sizes", "check, µs a call", "with check / without")
    for size, sizes in SIZES.items():
        tiny = size == "tiny"
        for name, call in calls(**sizes).items():
            ways: dict[str, Callable[[], Any]] = {"with": call, "without": partial(unchecked, call)}
            taken = times(ways, rounds=25 if tiny else 9, calls=50 if tiny else 2)
            # At large sizes the difference is within the noise: only the ratio says something.
            cost = f"{1e6 * (min(taken['with']) - min(taken['without'])):.0f}" if tiny else "–"
            table.add_row(name, size, cost, f"{ratio(taken, 'with', 'without'):.2f}")
    Console().print(table)
