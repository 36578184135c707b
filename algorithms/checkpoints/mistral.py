"""Mistral (Jiang et al. 2023): Algorithm X2, departures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from algorithms.checkpoints.decoder_departures import J1, J3
from algorithms.extensions.llama import LlamaParameters, Mistral
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.embedding import Token
from algorithms.signatures.arrays import A, Array
from algorithms.signatures.decorator import checked

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

MISTRAL_DEPARTURES = (J1, J3)


@checked(requires=("2 * d_rot <= d_attn", "1 <= w", "eps >= 0"))
def PublishedMistral(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: LlamaParameters[A],
    omega: Float[A, " d_rot"],
    *,
    w: int,
    eps: float = 1e-5,  # J1
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch N_V ell"]:
    """`Mistral` as Mistral 7B and its kin run it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one.
    theta : LlamaParameters
        From `llama_parameters`: Mistral's files have Llama's names.
    omega : float, (d_rot,)
        `rotary_frequencies` of 10000 in version 0.1 of Mistral 7B,
        of 1000000 in 0.2 and 0.3, with d_rot = d_attn/2.
    w : int, at least 1
        How many tokens a token sees, itself among them: 4096 in
        version 0.1. From 0.2 on there is no window: w = ell.
    eps : float, at least 0
        Departure J1.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `Mistral`.

    Notes
    -----
    Source: Jiang et al. 2023, *Mistral 7B*.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> from algorithms.extensions import LlamaParameters, Mistral
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0),
    ...     N_V=11, L=2, H_kv=2, R=3, d_e=6, d_mlp=16,
    ...     d_attn=4, d_mid=4,
    ... )
    >>> x, omega = np.array([10, 3, 1, 4]), np.array([1.0, 0.01])
    >>> P = PublishedMistral(x, theta, omega, w=2, eps=0.0)
    >>> bool((P == Mistral(x, theta, omega, w=2)).all())
    True
    """
    return Mistral(
        x, theta, omega, w=w, eps=eps, attention=attention
    )
