"""Algorithm R9: attention whose scores are not scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from algorithms.extensions.grouped_queries import stack
from algorithms.paper.attention import per_head
from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, A_co, Array, namespace
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@document_fields
class UnscaledAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm R9: H heads, joined."""

    W_q: Float[A_co, "H d_attn d_x"]
    W_k: Float[A_co, "H d_attn d_z"]
    W_v: Float[A_co, "H d_mid d_z"]
    W_o: Float[A_co, "d_out H*d_mid"]

    def map(
        self, f: Map[A_co, B], /
    ) -> UnscaledAttentionParameters[B]:
        """The same with `f` of each array."""
        return UnscaledAttentionParameters(*map_each(f, self))


@algorithm("R9")
def UnscaledAttention(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    W: UnscaledAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
) -> Float[A, "*batch d_out ell_x"]:
    """Several heads whose scores are not divided by √d_attn.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask.
    Z : float, (*batch, d_z, ell_z)
        The context sequence: tokens that are asked. X for
        self-attention.
    W : UnscaledAttentionParameters
        H heads stacked along a leading axis, and W_o.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        The tokens of X with what they gathered from Z.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    NotFiniteError
        In float16 a score is too large.

    Notes
    -----
    Algorithm 5 without offsets whose W_q is √d_attn times this one:
    T5 draws W_q smaller instead, and trains it so. What `Attention`
    says of float16 and of nan holds here too.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import bidirectional_mask, initialise
    >>> W = initialise(
    ...     UnscaledAttentionParameters, np.random.default_rng(0),
    ...     H=2, d_attn=4, d_mid=2, d_x=5, d_z=7, d_out=3,
    ... )
    >>> X, Z = np.ones((5, 6)), np.ones((7, 8))
    >>> UnscaledAttention(X, Z, W, bidirectional_mask(X, Z)).shape
    (3, 6)
    """
    xp = namespace(X)
    Q = W.W_q @ per_head(X)  # R9.1-R9.2
    K = W.W_k @ per_head(Z)  # R9.3
    V = W.W_v @ per_head(Z)  # R9.4
    S = K.mT @ Q  # R9.5
    Mask_h = per_head(Mask)
    refuse_lost_scores(S, Mask_h, "UnscaledAttention")
    S = xp.where(Mask_h, S, -xp.inf)  # R9.6
    Y_h = V @ softmax(S)  # R9.7
    Y = stack(Y_h)  # R9.8
    return W.W_o @ Y  # R9.9
