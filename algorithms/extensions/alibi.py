"""Algorithm R10: scores that fall with the distance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from algorithms.paper.notation import softmax
from algorithms.paper.parameters import AttentionParameters
from algorithms.signatures.arrays import A, Array, arange, namespace
from algorithms.signatures.declarations import With
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@algorithm("R10")
def ALiBiAttention(
    X: Float[A, "*#batch d_x ell"],
    W_qkv: Annotated[AttentionParameters[A], With(d_z="d_x")],
    s: float,
    Mask: Bool[Array, "*#batch ell ell"],
) -> Float[A, "*batch d_out ell"]:
    """One head whose scores fall with the distance.

    Parameters
    ----------
    X : float, (*batch, d_x, ell)
        The sequence, a token a column.
    W_qkv : AttentionParameters
        With d_z = d_x. Leading axes of its arrays stand where X and
        Mask have none or 1.
    s : float
        The slope: what a score loses for each token in between.
    Mask : bool, (*batch, ell, ell)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z? The
        unidirectional one in all published models: a token behind
        would gain what one before loses.

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell)
        The tokens of X with what they gathered.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    What `Attention` says of nan holds here too. Nothing else tells
    a token where it stands.

    Each head has a slope of its own, and so a call of its own: of
    H heads, where H is a power of 2, head h has 2^(−8 h / H). For
    other H published code does not do what the source says (A21).

    Source: Press, Smith & Lewis 2022, "Train Short, Test Long:
    Attention with Linear Biases Enables Input Length
    Extrapolation".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import unidirectional_mask
    >>> O, I, o = np.zeros((1, 1)), np.ones((1, 1)), np.zeros(1)
    >>> W_qkv = AttentionParameters(O, o, O, o, I, o)
    >>> X = np.array([[3.0, 6.0, 9.0]])
    >>> s, Mask = float(np.log(2.0)), unidirectional_mask(X)
    >>> ALiBiAttention(X, W_qkv, s, Mask).round(4)
    array([[3.    , 5.    , 7.2857]])
    """
    xp, t = namespace(X), arange(X.shape[-1], X)
    W_q, b_q, W_k, b_k, W_v, b_v = W_qkv
    Q = W_q @ X + b_q[..., None]  # R10.1
    K = W_k @ X + b_k[..., None]  # R10.2
    V = W_v @ X + b_v[..., None]  # R10.3
    S = K.mT @ Q / math.sqrt(Q.shape[-2])  # R10.4
    distance = xp.astype(t - t[:, None], S.dtype)
    S = S - distance * s  # R10.5
    refuse_lost_scores(S, Mask, "ALiBiAttention")
    S = xp.where(Mask, S, -xp.inf)  # R10.6
    return V @ softmax(S)  # R10.7
