"""Algorithms K2, K3 and K7: a trained θ writes, with a cache."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.extensions.cached_attention import zero_columns
from algorithms.extensions.cached_steps import (
    DStep,
    EDStep,
    LlamaStep,
    encode,
)
from algorithms.extensions.llama import LlamaParameters
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import Attention
from algorithms.paper.embedding import Token, reserved
from algorithms.paper.inference import LengthLimitWarning, Tokens
from algorithms.paper.notation import GELU, ReLU
from algorithms.paper.parameters import (
    DTransformerParameters,
    EDTransformerParameters,
)
from algorithms.paper.sampling import sample, temper, weighed
from algorithms.signatures.arrays import (
    A,
    append,
    as_index,
    device,
    namespace,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm(
    "K2",
    requires=(
        "1 <= L",
        "ell + ell_gen - 1 <= ell_max",
        "1 <= ell_gen",
        "tau >= 0",
        "eps >= 0",
    ),
)
def CachedDInference(
    x: Annotated[Integer[Tokens, " ell"], Token],
    theta_hat: DTransformerParameters[A],
    *,
    ell_gen: int,
    tau: float,
    rng: np.random.Generator,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = attend,
    weigh: Callable[[A], A] | None = None,
) -> Integer[Tokens, " ell_gen"]:
    """Continue a prompt as Algorithm 14 does, and compute less.

    The prompt is read at once; then each step reads one token, and
    finds the keys and values of all before it in a cache.

    Parameters
    ----------
    x : integer of any type, (ell,)
        The prompt. Token IDs, 0 … N_V−1; at least one (A3).
    theta_hat : DTransformerParameters
        Trained parameters, of at least one layer.
    ell_gen : int, at least 1
        How many tokens to add; ell + ell_gen − 1 ≤ ell_max (A4).
    tau, rng, eps, activation, weigh
        As in `DInference`.
    attention : function with the signature of `attend`
        As in `DStep`: `block_attend` reads a long prompt in little
        memory.

    Returns
    -------
    y : integer, (ell_gen,)
        The continuation: that of `DInference`, but where rounding
        decides which token is drawn.

    Raises
    ------
    ValueError
        The continuation would pass ell_max, or a number is out of
        range: before the first step.
    IndexError, ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The cache holds L H (d_attn + d_mid) numbers for each token. L
    and ell_gen are at least 1, where `DInference` takes 0: sizes
    are read off a cache of some layer, and the prompt is read
    whatever follows. P of every token of the prompt is made, of
    which the last column is used: N_V ell numbers.

    Published models of Algorithm 10's form write with their ε and
    their activation: GPT-2 with `eps=1e-5` and
    `activation=GELU_tanh`.

    Source: Phuong & Hutter 2022, Algorithm 14; Shazeer 2019, "Fast
    Transformer Decoding: One Write-Head is All You Need".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DInference, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=9, ell_max=8, L=1, H=2, d_e=4, d_mlp=8,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> x, rng = np.array([7, 1]), np.random.default_rng(0)
    >>> y = CachedDInference(x, theta, ell_gen=3, tau=0, rng=rng)
    >>> z = DInference(x, theta, ell_gen=3, tau=0, rng=rng)
    >>> bool((y == z).all())
    True
    """
    x = as_index(x)
    ell = x.shape[0]  # K2.1
    heads = [layer.W.W_qkv for layer in theta_hat.layers]
    K_l = tuple(zero_columns(W.W_k) for W in heads)  # K2.2
    V_l = tuple(zero_columns(W.W_v) for W in heads)  # K2.3
    P_hat, K_l, V_l = DStep(
        x,
        K_l,
        V_l,
        theta_hat,
        eps=eps,
        activation=activation,
        attention=attention,
    )  # K2.4
    p = P_hat[:, ell - 1]  # K2.5
    q = weighed(temper(p, tau), weigh)  # K2.6
    y = sample(q, rng)  # K2.6
    x = append(x, y)  # K2.7
    for i in range(1, ell_gen):  # K2.8
        P, K_l, V_l = DStep(
            x[-1:],
            K_l,
            V_l,
            theta_hat,
            eps=eps,
            activation=activation,
            attention=attention,
        )  # K2.9
        p = P[:, 0]  # K2.10
        q = weighed(temper(p, tau), weigh)  # K2.11
        y = sample(q, rng)  # K2.11
        x = append(x, y)  # K2.12
    return x[ell : ell + ell_gen]  # K2.14


@algorithm(
    "K3",
    requires=(
        "1 <= L_dec",
        "ell_z <= ell_max",
        "ell_gen <= ell_max",
        "ell_gen >= 0",
        "tau >= 0",
        "0 <= bos_token < N_V",
        "0 <= eos_token < N_V",
        "eps >= 0",
    ),
)
def CachedEDInference(
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
    """Predict a sequence as Algorithm 15 does, and compute less.

    The context is encoded once; then each step reads one token, and
    finds the keys and values of all before it in a cache.

    Parameters
    ----------
    z : integer of any type, (ell_z,)
        The context. Token IDs, 0 … N_V−1; 1 ≤ ell_z ≤ ell_max.
    theta_hat : EDTransformerParameters
        Trained parameters, of at least one layer of the decoder.
    tau, rng, ell_gen, bos_token, eos_token, eps, activation, weigh
        As in `EDInference`.
    attention : function with the signature of `Attention`
        Algorithm 4, or one that gives the same otherwise:
        `BlockAttention`, `OnlineAttention`. The encoder's: a step
        of one token has few scores.

    Returns
    -------
    x_hat : integer, (ell_x,)
        bos_token, the prediction, and eos_token (A6): what
        `EDInference` gives, but where rounding decides which token
        is drawn.

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
    The cache holds L_dec H (d_attn + d_mid) numbers for each token,
    of the context and of the prediction. L_dec is at least 1, where
    `EDInference` takes 0: sizes are read off a cache of some layer.
    ell_gen may be 0. A bos_token that is
    eos_token too ends nothing where it stands first (A7).

    Source: Phuong & Hutter 2022, Algorithm 15; Shazeer 2019, "Fast
    Transformer Decoding: One Write-Head is All You Need".

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
    >>> x_hat = CachedEDInference(z, theta, tau=1.0, rng=rng)
    >>> int(x_hat[0]), int(x_hat[-1])
    (7, 8)
    """
    xp, N_V = namespace(z), theta_hat.W_e.shape[1]
    ell_gen = theta_hat.W_p.shape[1] if ell_gen is None else ell_gen
    if bos_token is None:
        bos_token = reserved("CachedEDInference", N_V, 2)
    if eos_token is None:
        eos_token = reserved("CachedEDInference", N_V, 1)
    z = as_index(z)
    K_ed_l, V_ed_l = encode(
        z,
        theta_hat,
        eps=eps,
        activation=activation,
        attention=attention,
    )  # K3.1
    heads = [
        layer.W_dec.W_qkv for layer in theta_hat.decoder_layers
    ]
    K_l = tuple(zero_columns(W.W_k) for W in heads)  # K3.2
    V_l = tuple(zero_columns(W.W_v) for W in heads)  # K3.3
    x_hat = xp.asarray(
        [bos_token], dtype=z.dtype, device=device(z)
    )  # K3.4
    y = -1  # K3.5
    while y != eos_token and x_hat.shape[0] <= ell_gen:  # K3.6
        P, K_l, V_l = EDStep(
            x_hat[-1:],
            K_l,
            V_l,
            K_ed_l,
            V_ed_l,
            theta_hat,
            eps=eps,
            activation=activation,
        )  # K3.7
        p = P[:, 0]  # K3.8
        q = weighed(temper(p, tau), weigh)  # K3.9
        y = sample(q, rng)  # K3.9
        x_hat = append(x_hat, y)  # K3.10
    if y != eos_token:
        warnings.warn(
            f"CachedEDInference: {ell_gen} tokens, and no "
            f"eos_token ({eos_token}) among them",
            LengthLimitWarning,
            stacklevel=3,
        )
    return x_hat  # K3.12


@algorithm(
    "K7",
    requires=(
        "1 <= L",
        "1 <= ell_gen",
        "2 * d_rot <= d_attn",
        "tau >= 0",
        "eps >= 0",
    ),
)
def CachedLlamaInference(
    x: Annotated[Integer[Tokens, " ell"], Token],
    theta_hat: LlamaParameters[A],
    omega: Float[A, " d_rot"],
    *,
    ell_gen: int,
    tau: float,
    rng: np.random.Generator,
    eps: float = 0.0,
    attention: Callable[..., A] = attend,
    weigh: Callable[[A], A] | None = None,
) -> Integer[Tokens, " ell_gen"]:
    """Continue a prompt by Llama, with a cache.

    The prompt is read at once; then each step reads one token, and
    finds the keys and values of all before it in a cache.

    Parameters
    ----------
    x : integer of any type, (ell,)
        The prompt. Token IDs, 0 … N_V−1; at least one.
    theta_hat : LlamaParameters
        Trained parameters, of at least one layer.
    omega : float, (d_rot,)
        As in `Llama`.
    ell_gen : int, at least 1
        How many tokens to add.
    tau, rng, weigh
        As in `DInference`.
    eps : float, at least 0
        As in `Llama`.
    attention : function with the signature of `attend`
        As in `LlamaStep`: `block_attend` reads a long prompt in
        little memory.

    Returns
    -------
    y : integer, (ell_gen,)
        The continuation.

    Raises
    ------
    ValueError
        A number is out of range: before the first step.
    IndexError, ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    The cache holds L H_kv (d_attn + d_mid) numbers for each token.
    P of every token of the prompt is made, of which the last column
    is used: N_V ell numbers.

    Source: Touvron et al. 2023, "Llama 2: Open Foundation and
    Fine-Tuned Chat Models", section A.2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0), N_V=11, L=2,
    ...     H_kv=2, R=3, d_e=6, d_mlp=24, d_attn=4, d_mid=4,
    ... )
    >>> x, omega = np.array([10, 3]), np.array([1.0, 0.01])
    >>> CachedLlamaInference(
    ...     x, theta, omega, ell_gen=3, tau=1,
    ...     rng=np.random.default_rng(0),
    ... ).shape
    (3,)
    """
    x = as_index(x)
    ell = x.shape[0]  # K7.1
    heads = [layer.W for layer in theta_hat.layers]
    K_l = tuple(zero_columns(W.W_k) for W in heads)  # K7.2
    V_l = tuple(zero_columns(W.W_v) for W in heads)  # K7.3
    P_hat, K_l, V_l = LlamaStep(
        x,
        K_l,
        V_l,
        theta_hat,
        omega,
        eps=eps,
        attention=attention,
    )  # K7.4
    p = P_hat[:, ell - 1]  # K7.5
    q = weighed(temper(p, tau), weigh)  # K7.6
    y = sample(q, rng)  # K7.6
    x = append(x, y)  # K7.7
    for i in range(1, ell_gen):  # K7.8
        P, K_l, V_l = LlamaStep(
            x[-1:],
            K_l,
            V_l,
            theta_hat,
            omega,
            eps=eps,
            attention=attention,
        )  # K7.9
        p = P[:, 0]  # K7.10
        q = weighed(temper(p, tau), weigh)  # K7.11
        y = sample(q, rng)  # K7.11
        x = append(x, y)  # K7.12
    return x[ell : ell + ell_gen]  # K7.14
