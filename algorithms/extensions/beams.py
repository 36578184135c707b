"""Algorithm S7: the most likely text, as far as beams find it."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.extensions.token_weights import log_weights
from algorithms.paper.embedding import Token, reserved
from algorithms.paper.encoder_decoder import EDTransformer
from algorithms.paper.inference import Tokens
from algorithms.paper.notation import ReLU
from algorithms.paper.parameters import EDTransformerParameters
from algorithms.signatures.arrays import (
    A,
    append,
    as_index,
    device,
    namespace,
    to_numpy,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Integer

#: Two to this power, and to its negative, are floats.
_LARGEST = sys.float_info.max_exp - 2


@algorithm(
    "S7",
    requires=(
        "ell_z <= ell_max",
        "1 <= B",
        "1 <= ell_gen",
        "ell_gen <= ell_max",
        "0 <= bos_token < N_V",
        "0 <= eos_token < N_V",
        "eps >= 0",
    ),
)
def beam_search(
    z: Annotated[Integer[Tokens, " ell_z"], Token],
    theta_hat: EDTransformerParameters[A],
    *,
    B: int,
    ell_gen: int,
    alpha: float = 0.0,
    bos_token: int | None = None,
    eos_token: int | None = None,
    eps: float = 0.0,
    activation: Callable[[A], A] = ReLU,
) -> Integer[Tokens, " ell_x"]:
    """Predict the likeliest sequence that follows from another.

    Of each length the B likeliest beginnings are kept.

    Parameters
    ----------
    z : integer of any type, (ell_z,)
        The context. Token IDs, 0 … N_V−1; 1 ≤ ell_z ≤ ell_max.
    theta_hat : EDTransformerParameters
        Trained parameters.
    B : int, at least 1
        How many beginnings are kept: with 1 the prediction is that
        of `EDInference` with tau = 0.
    ell_gen : int, 1 … ell_max
        How many tokens may follow bos_token.
    alpha : float, finite
        The log-probability is divided by the number of tokens after
        bos_token to this power: 0 prefers short sequences, 1 has
        the mean of the tokens.
    bos_token, eos_token : int, optional
        By default N_V−2 and N_V−1.
    eps, activation
        As in `EDTransformer`.

    Returns
    -------
    x_hat : integer, (ell_x,)
        bos_token, the prediction, and eos_token if it ends within
        ell_gen tokens; in the library's type for indices.

    Raises
    ------
    IndexError, ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        A number is out of range; `ell_gen ** alpha` is among them.

    Notes
    -----
    A sequence that ends counts only if it is among the B likeliest
    of all of its length, those that go on included: with B = 1 a
    less likely end would stop what goes on. Of equal ones the first
    counts: that of the likelier beginning, then of the least token.

    `generate` of transformers gives the same with `do_sample=False,
    early_stopping="never"`, B as `num_beams` and alpha as
    `length_penalty`.

    Source: Wu et al. 2016, "Google's Neural Machine Translation
    System", section 7, with the length itself for lp.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     EDTransformerParameters, np.random.default_rng(0),
    ...     N_V=9, ell_max=8, L_enc=1, L_dec=1, H=2, d_e=4,
    ...     d_mlp=8, d_attn=2, d_mid=2,
    ... )
    >>> z = np.array([3, 1, 4])
    >>> x_hat = beam_search(z, theta, B=3, ell_gen=5, alpha=1.0)
    >>> int(x_hat[0])
    7
    """
    xp, N_V = namespace(z), theta_hat.W_e.shape[1]
    if bos_token is None:
        bos_token = reserved("beam_search", N_V, 2)
    if eos_token is None:
        eos_token = reserved("beam_search", N_V, 1)
    if not abs(alpha) * math.log2(ell_gen) < _LARGEST:
        raise ValueError(
            f"beam_search: alpha={alpha} is out of range, want "
            f"ell_gen ** alpha a float, ell_gen={ell_gen}"
        )
    z = as_index(z)
    start = xp.asarray([bos_token], dtype=z.dtype, device=device(z))
    y_b = [start] * B  # S7.1
    s = [-math.inf] * B  # S7.2
    s = [0.0, *s[1:]]  # S7.3
    x_hat: list[Tokens] = []
    r: list[float] = []
    tokens, beams = np.arange(N_V)[:, None], np.arange(B)
    for i in range(1, ell_gen + 1):  # S7.4
        N = np.full((N_V, B), -np.inf)
        for b in range(B):  # S7.5
            P = EDTransformer(
                z, y_b[b], theta_hat, eps=eps, activation=activation
            )  # S7.6
            log_p = to_numpy(log_weights(P[:, i - 1]))
            a = s[b] + log_p.astype(float)  # S7.7
            N = np.where(
                beams == b, a[:, None], N
            )  # S7.8; N = N[:, [b]]
        # Of those that end here, the best.
        n = int(np.argmax(N[eos_token, :]))  # S7.9
        x = append(y_b[n], eos_token)  # S7.10
        c = N[eos_token, n]  # S7.11
        f = c / i**alpha  # S7.12
        N = np.where(tokens == eos_token, -np.inf, N)  # S7.13
        f = -math.inf if np.sum(c < N) >= B else f  # S7.14
        # The B likeliest that go on.
        y_tilde: list[Tokens] = []
        s_hat: list[float] = []
        for j in range(B):  # S7.15
            m = np.max(N, axis=0)  # S7.16
            n = int(np.argmax(m))  # S7.17
            v = int(np.argmax(N[:, n]))  # S7.18
            y_tilde_j = append(y_b[n], v)  # S7.19
            y_tilde = [*y_tilde, y_tilde_j]
            s_hat = [*s_hat, N[v, n]]  # S7.20; s_hat = s_hat[-1]
            taken = (tokens == v) & (beams == n)
            N = np.where(taken, -np.inf, N)  # S7.21; N = N[v, n]
        y_b = y_tilde  # S7.22
        s = s_hat  # S7.23
        # At last the best of them competes too.
        g = s[0] / i**alpha  # S7.24
        g = g if i == ell_gen else -math.inf  # S7.25
        x = y_b[0] if f < g else x  # S7.26
        x_hat_i = x  # S7.27
        x_hat = [*x_hat, x_hat_i]
        r = [*r, max(f, g)]  # S7.28; r = r[-1]
    k = int(np.argmax(r))  # S7.30
    return x_hat[k]  # S7.31
