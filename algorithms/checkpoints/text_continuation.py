"""A published decoder writes, with a cache where it has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from algorithms.checkpoints.model_folder import Model, want_model
from algorithms.paper.sampling import sample, temper
from algorithms.signatures.array_types import dtype_name, library
from algorithms.signatures.arrays import Array, append, as_index
from algorithms.signatures.errors import DTypeError

if TYPE_CHECKING:
    from jaxtyping import Integer

Tokens = TypeVar("Tokens", bound=Array)


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
    GPT-2, Llama and Mistral keep keys and values, by K2, K7 and
    K13. Others compute every column for each token. A Marian's
    scores have a bias (M4) and its embeddings may be multiplied by
    √d_e (M2), which Algorithm 15 has not: it is loaded, and not
    decoded.

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
    want_model(model, "continuation")
    if not model.causal:
        raise ValueError(
            f"continuation: {model.architecture} continues no text"
        )
    given: Any = x
    if (
        not library(given)
        or given.ndim != 1
        or "int" not in dtype_name(given.dtype)
    ):
        raise DTypeError(
            "continuation: x is no array of whole numbers of shape "
            "(ell,)"
        )
    ell, ell_max = x.shape[0], model.sizes.get("ell_max")
    read = ell + ell_gen - 1
    if ell_gen < 0:
        raise ValueError(
            "continuation: want ell_gen >= 0, "
            f"got ell_gen={ell_gen}"
        )
    if ell_max is not None and read > ell_max:
        raise ValueError(
            "continuation: want ell + ell_gen - 1 <= ell_max, got "
            f"ell={ell}, ell_gen={ell_gen}, ell_max={ell_max}"
        )
    if model.cached is not None and ell_gen:
        options = dict(model.converted_options())
        if "w" in options:  # of which the cache holds w - 1 columns
            options["w"] = min(options["w"], read)
        y: Tokens = model.cached(
            x,
            model.parameters,
            ell_gen=ell_gen,
            tau=tau,
            rng=rng,
            weigh=weigh,
            **options,
        )
        return y
    x = as_index(x)
    for _ in range(ell_gen):
        q = temper(model(x)[:, -1], tau)
        q = q if weigh is None else weigh(q)
        x = append(x, sample(q, rng))
    return x[ell:]
