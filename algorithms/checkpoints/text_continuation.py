"""A published model writes, with a cache where it has one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from algorithms.checkpoints.model_folder import Model, want_model
from algorithms.paper.sampling import sample, temper
from algorithms.signatures.array_types import dtype_name, library
from algorithms.signatures.arrays import (
    Array,
    append,
    as_index,
    device,
    namespace,
)
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
    K13. Others compute every column for each token. A Marian and
    a T5 translate: `translation`.

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
    read = _columns(
        "continuation", "x", x, ell_gen, model.sizes.get("ell_max")
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
    ell, x = x.shape[0], as_index(x)
    return _written(model, x, [], ell_gen, tau, rng, weigh)[ell:]


def translation(
    model: Model,
    z: Integer[Tokens, " ell_z"],
    *,
    ell_gen: int,
    tau: float,
    rng: np.random.Generator,
    weigh: Callable[[Any], Any] | None = None,
) -> Integer[Tokens, " ell_x"]:
    """Translate by a published model, as Algorithm 15.

    Parameters
    ----------
    model : Model
        From `load`: a Marian or a T5. Its config says with which
        token x begins, and which ends it.
    z : integer of any type, (ell_z,)
        The sequence to translate. Token IDs, 0 … N_V−1.
    ell_gen : int, 0 … ell_max
        How many tokens to write, at most; a T5 has no ell_max.
    tau, rng, weigh
        As in `EDInference`.

    Returns
    -------
    x : integer, (ell_x,)
        What comes after the first token, to the one that ends it.

    Raises
    ------
    ValueError
        The model translates no text, or its config says no token
        to begin with; a number is out of range.
    IndexError, ShapeError, DTypeError
        As the model's function.

    Notes
    -----
    Every column is computed for each token: M2, M4 and Algorithm X8
    are none of K3's. Hugging Face's `generate` has besides what a
    published Marian's generation_config.json asks for: several
    beams, and that its padding is never written, which `weigh` may
    see to.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms.checkpoints import load
    >>> z, rng = np.array([3, 1]), np.random.default_rng(0)
    >>> translation(
    ...     load("opus-mt-en-de"), z, ell_gen=9, tau=0.0, rng=rng
    ... )
    Traceback (most recent call last):
    FileNotFoundError: load: opus-mt-en-de: is no folder
    """
    want_model(model, "translation")
    if model.algorithm not in ("8", "X8"):
        raise ValueError(
            f"translation: {model.architecture} translates no text"
        )
    _columns("translation", "z", z, ell_gen, None)
    first = model.config.get("decoder_start_token_id")
    if type(first) is not int:
        raise ValueError(
            "translation: the config has no decoder_start_token_id"
        )
    ends = model.config.get("eos_token_id")
    x: Tokens = namespace(z).asarray([first], device=device(z))
    _columns(
        "translation", "x", x, ell_gen, model.sizes.get("ell_max")
    )
    return _written(
        partial(model, as_index(z)),
        as_index(x),
        ends if isinstance(ends, list) else [ends],
        ell_gen,
        tau,
        rng,
        weigh,
    )[1:]


def _columns(
    caller: str, name: str, x: Any, ell_gen: int, most: int | None
) -> int:
    """How many tokens are read, where they can be."""
    if (
        not library(x)
        or x.ndim != 1
        or "int" not in dtype_name(x.dtype)
    ):
        raise DTypeError(
            f"{caller}: {name} is no array of whole numbers of "
            "shape (ell,)"
        )
    ell: int = x.shape[0]
    if ell_gen < 0:
        raise ValueError(
            f"{caller}: want ell_gen >= 0, got ell_gen={ell_gen}"
        )
    if most is not None and ell + ell_gen - 1 > most:
        raise ValueError(
            f"{caller}: want ell + ell_gen - 1 <= ell_max, got "
            f"ell={ell}, ell_gen={ell_gen}, ell_max={most}"
        )
    return ell + ell_gen - 1


def _written(
    P: Callable[[Any], Any],
    x: Tokens,
    ends: list[Any],
    ell_gen: int,
    tau: float,
    rng: np.random.Generator,
    weigh: Callable[[Any], Any] | None,
) -> Tokens:
    """Tokens and those after them; each column is always new."""
    for _ in range(ell_gen):
        q = temper(P(x)[:, -1], tau)
        y = sample(q if weigh is None else weigh(q), rng)
        x = append(x, y)
        if y in ends:
            break
    return x
