"""Algorithms 14 and 15: a trained θ writes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import numpy as np

from algorithms.paper.attention import Attention
from algorithms.paper.decoder import DTransformer
from algorithms.paper.embedding import Token, reserved
from algorithms.paper.encoder_decoder import EDTransformer
from algorithms.paper.notation import GELU, ReLU
from algorithms.paper.parameters import (
    DTransformerParameters,
    EDTransformerParameters,
)
from algorithms.paper.sampling import sample, temper, weighed
from algorithms.signatures.arrays import (
    A,
    Array,
    append,
    as_index,
    device,
    namespace,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Integer

Tokens = TypeVar("Tokens", bound=Array)


class LengthLimitWarning(UserWarning):
    """A sequence reached its bound before it came to its end."""


@algorithm(
    14,
    requires=(
        "ell <= ell_max",
        "ell + ell_gen - 1 <= ell_max",
        "ell_gen >= 0",
        "tau >= 0",
        "eps >= 0",
    ),
)
def DInference(
    x: Annotated[Integer[Tokens, " ell"], Token],
    theta_hat: DTransformerParameters[A],
    *,
    ell_gen: int,
    tau: float,
    rng: np.random.Generator,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
    weigh: Callable[[A], A] | None = None,
) -> Integer[Tokens, " ell_gen"]:
    """Continue a prompt, one token at a time.

    Parameters
    ----------
    x : integer of any type, (ell,)
        The prompt. Token IDs, 0 … N_V−1; at least one (A3).
    theta_hat : DTransformerParameters
        Trained parameters.
    ell_gen : int, at least 0
        How many tokens to add; ell + ell_gen − 1 ≤ ell_max (A4).
    tau : float, in [0, ∞]
        The temperature: 0 takes the most likely token, 1 samples
        from P, ∞ is uniform.
    rng : numpy.random.Generator
        Asked for one number a token.
    eps, activation, attention
        As in `DTransformer`.
    weigh : function of an array, optional
        What makes weights to sample from of the tempered P: one or
        several of `top_k`, `nucleus`, `min_p` and `constraint`. The
        paper has none.

    Returns
    -------
    y : integer, (ell_gen,)
        The continuation, in the library's type for indices (a byte
        may not hold the IDs of a vocabulary). It goes on after an
        eos_token (A6).

    Raises
    ------
    ValueError
        The continuation would pass ell_max, or a number is out of
        range: before the first step.
    IndexError, ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    Source: Phuong & Hutter 2022, Algorithm 14.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=9, ell_max=8, L=1, H=2, d_e=4, d_mlp=8,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x, rng = np.array([7, 1]), np.random.default_rng(0)
    >>> DInference(x, theta, ell_gen=3, tau=0, rng=rng).shape
    (3,)
    """
    x = as_index(x)
    ell = x.shape[0]  # 14.1
    for i in range(ell_gen):  # 14.2
        P = DTransformer(
            x,
            theta_hat,
            eps=eps,
            activation=activation,
            attention=attention,
        )  # 14.3
        p = P[:, ell + i - 1]  # 14.4
        q = weighed(temper(p, tau), weigh)  # 14.5
        y = sample(q, rng)  # 14.5
        x = append(x, y)  # 14.6
    return x[ell : ell + ell_gen]  # 14.8


@algorithm(
    15,
    requires=(
        "ell_z <= ell_max",
        "ell_gen <= ell_max",
        "ell_gen >= 0",
        "tau >= 0",
        "0 <= bos_token < N_V",
        "0 <= eos_token < N_V",
        "eps >= 0",
    ),
)
def EDInference(
    z: Annotated[Integer[Tokens, " ell_z"], Token],
    theta_hat: EDTransformerParameters[A],
    *,
    tau: float,
    rng: np.random.Generator,
    ell_gen: int | None = None,
    bos_token: int | None = None,
    eos_token: int | None = None,
    eps: float = 0.0,
    activation: Callable[[A], A] = ReLU,
    attention: Callable[..., A] = Attention,
    weigh: Callable[[A], A] | None = None,
) -> Integer[Tokens, " ell_x"]:
    """Predict the sequence that follows from another.

    Parameters
    ----------
    z : integer of any type, (ell_z,)
        The context. Token IDs, 0 … N_V−1; 1 ≤ ell_z ≤ ell_max.
    theta_hat : EDTransformerParameters
        Trained parameters.
    tau : float, in [0, ∞]
        The temperature: 0 takes the most likely token, 1 samples
        from P, ∞ is uniform.
    rng : numpy.random.Generator
        Asked for one number a token.
    ell_gen : int, 0 … ell_max, optional
        How many tokens may follow bos_token. The paper has no bound
        (A5); by default ell_max, the most that θ can read.
    bos_token, eos_token : int, optional
        By default the paper's, N_V−2 and N_V−1.
    eps, activation, attention
        As in `EDTransformer`.
    weigh : function of an array, optional
        What makes weights to sample from of the tempered P: one or
        several of `top_k`, `nucleus`, `min_p` and `constraint`. The
        paper has none.

    Returns
    -------
    x_hat : integer, (ell_x,)
        bos_token, the prediction, and eos_token (A6), in the
        library's type for indices.

    Warns
    -----
    LengthLimitWarning
        ell_gen tokens came, and none of them was eos_token.

    Raises
    ------
    ValueError
        ell_gen passes ell_max, or a number is out of range: before
        the first step.
    IndexError, ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    Line 2's `y ← 0` is −1 here, since 0 is a token (A7).

    Source: Phuong & Hutter 2022, Algorithm 15.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     EDTransformerParameters, np.random.default_rng(0),
    ...     N_V=9, ell_max=64, L_enc=1, L_dec=1, H=2, d_e=4,
    ...     d_mlp=8, d_attn=2, d_mid=2,
    ... )
    >>> z, rng = np.array([3, 1, 4]), np.random.default_rng(0)
    >>> x_hat = EDInference(z, theta, tau=1.0, rng=rng)
    >>> int(x_hat[0]), int(x_hat[-1])
    (7, 8)
    """
    xp, N_V = namespace(z), theta_hat.W_e.shape[1]
    ell_gen = theta_hat.W_p.shape[1] if ell_gen is None else ell_gen
    if bos_token is None:
        bos_token = reserved("EDInference", N_V, 2)
    if eos_token is None:
        eos_token = reserved("EDInference", N_V, 1)
    z = as_index(z)
    x_hat = xp.asarray(
        [bos_token], dtype=z.dtype, device=device(z)
    )  # 15.1
    y = -1  # 15.2
    while y != eos_token and x_hat.shape[0] <= ell_gen:  # 15.3
        P = EDTransformer(
            z,
            x_hat,
            theta_hat,
            eps=eps,
            activation=activation,
            attention=attention,
        )  # 15.4
        p = P[:, x_hat.shape[0] - 1]  # 15.5
        q = weighed(temper(p, tau), weigh)  # 15.6
        y = sample(q, rng)  # 15.6
        x_hat = append(x_hat, y)  # 15.7
    if y != eos_token:
        warnings.warn(
            f"EDInference: {ell_gen} tokens, and no eos_token "
            f"({eos_token}) among them",
            LengthLimitWarning,
            stacklevel=3,
        )
    return x_hat  # 15.9
