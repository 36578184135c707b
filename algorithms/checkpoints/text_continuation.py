"""A published decoder writes, with a cache where it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from algorithms.checkpoints.gpt2 import GPT2
from algorithms.checkpoints.llama import PublishedLlama
from algorithms.checkpoints.mistral import PublishedMistral
from algorithms.checkpoints.model_folder import Model
from algorithms.extensions.cached_inference import (
    CachedDInference,
    CachedLlamaInference,
)
from algorithms.paper.sampling import sample, temper
from algorithms.signatures.arrays import Array, append, as_index

if TYPE_CHECKING:
    from jaxtyping import Integer

Tokens = TypeVar("Tokens", bound=Array)

#: The algorithms whose column t is about token t+1.
DECODERS = ("10", "X1", "X2", "X4")

#: What writes the same with a cache.
CACHED: Mapping[Callable[..., Any], Callable[..., Any]] = {
    GPT2: CachedDInference,
    PublishedLlama: CachedLlamaInference,
    PublishedMistral: CachedLlamaInference,
}


def continuation(
    model: Model,
    x: Integer[Tokens, " ell"],
    *,
    ell_gen: int,
    tau: float,
    rng: np.random.Generator,
    weigh: Callable[[Any], Any] | None = None,
) -> Integer[Tokens, " ell_gen"]:
    """Continue a prompt by a published model, as Algorithm 14.

    Parameters
    ----------
    model : Model
        From `load`: one that predicts the next token.
    x : integer of any type, (ell,)
        The prompt. Token IDs, 0 … N_V−1; at least one.
    ell_gen : int, at least 0
        How many tokens to add.
    tau, rng, weigh
        As in `DInference`.

    Returns
    -------
    y : integer, (ell_gen,)
        The continuation. It goes on after an eos_token (A6).

    Raises
    ------
    ValueError
        The model continues no text; the continuation would pass
        ell_max, or a number is out of range.
    IndexError, ShapeError, DTypeError
        As the model's function.

    Notes
    -----
    GPT-2 and Llama keep keys and values, by K2 and K7, and so does
    a Mistral whose window no token leaves. Others compute every
    column for each token.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformerParameters, initialise
    >>> from algorithms.checkpoints import model_of
    >>> rng = np.random.default_rng(0)
    >>> theta = initialise(
    ...     DTransformerParameters, rng, N_V=11, ell_max=8, L=2,
    ...     H=3, d_e=6, d_mlp=24, d_attn=2, d_mid=2,
    ... )
    >>> config = {
    ...     "architectures": ["GPT2LMHeadModel"],
    ...     "model_type": "gpt2", "tie_word_embeddings": False,
    ...     "vocab_size": 11, "n_positions": 8, "n_embd": 6,
    ...     "n_layer": 2, "n_head": 3,
    ... }
    >>> model, x = model_of(config, theta), np.array([10, 3])
    >>> continuation(model, x, ell_gen=4, tau=0, rng=rng).shape
    (4,)
    """
    if model.algorithm not in DECODERS:
        raise ValueError(
            f"continuation: {model.architecture} continues no text"
        )
    x = as_index(x)
    ell = x.shape[0]
    read = ell + ell_gen - 1
    ell_max = model.sizes.get("ell_max", read)
    if read > ell_max:
        raise ValueError(
            "continuation: want ell + ell_gen - 1 <= ell_max, got "
            f"ell={ell}, ell_gen={ell_gen}, ell_max={ell_max}"
        )
    options = dict(model.options)
    seen = options.pop("w", read)
    if model.function in CACHED and read <= seen and ell_gen:
        y: Tokens = CACHED[model.function](
            x,
            model.parameters,
            ell_gen=ell_gen,
            tau=tau,
            rng=rng,
            weigh=weigh,
            **options,
        )
        return y
    for _ in range(ell_gen):
        q = temper(model(x)[:, -1], tau)
        q = q if weigh is None else weigh(q)
        x = append(x, sample(q, rng))
    return x[ell:]
