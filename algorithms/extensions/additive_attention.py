"""Algorithm C3: scores by a hidden layer, and not by a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, A_co, Array, namespace
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@document_fields
class AdditiveAttentionParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm C3."""

    W_q: Float[A_co, "d_attn d_x"]
    W_k: Float[A_co, "d_attn d_z"]
    a: Float[A_co, " d_attn"]

    def map(
        self, f: Map[A_co, B], /
    ) -> AdditiveAttentionParameters[B]:
        """The same with `f` of each array."""
        return AdditiveAttentionParameters(*map_each(f, self))


@algorithm("C3")
def AdditiveAttention(
    X: Float[A, "*#batch d_x ell_x"],
    Z: Float[A, "*#batch d_z ell_z"],
    W: AdditiveAttentionParameters[A],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
) -> Float[A, "*batch d_z ell_x"]:
    """For each token of X, a mean of those of Z, by their sums.

    Parameters
    ----------
    X : float, (*batch, d_x, ell_x)
        The primary sequence: tokens that ask, states of a decoder
        in the source.
    Z : float, (*batch, d_z, ell_z)
        The context sequence: tokens that are asked, and values.
    W : AdditiveAttentionParameters
        W_q and W_k make queries and keys of one size, whose sum
        goes through tanh; `a` makes it a score.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may token t_x attend to token t_z?

    Returns
    -------
    V_tilde : float, (*batch, d_z, ell_x)
        Leading axes are those of all arguments, broadcast.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    No score is larger than the sum of the sizes of a's entries, so
    none is divided by √d_attn. There are d_attn × ell_z × ell_x
    hyperbolic tangents at once, where a product has its sums.

    A token of X that may attend to nobody gets zeros (erratum A11).
    What `Attention` says of nan holds here too.

    Source: Bahdanau, Cho & Bengio 2014, "Neural Machine Translation
    by Jointly Learning to Align and Translate", section 3.1 and
    appendix A.1.2.

    Examples
    --------
    >>> import numpy as np
    >>> I = np.eye(2)
    >>> W = AdditiveAttentionParameters(I, I, np.zeros(2))
    >>> X, Z = np.zeros((2, 1)), np.array([[1.0, 3.0], [4.0, 2.0]])
    >>> AdditiveAttention(X, Z, W, np.ones((2, 1)) == 1)
    array([[2.],
           [3.]])
    """
    xp, (W_q, W_k, a) = namespace(X), W
    Q = W_q @ X  # C3.1
    K = W_k @ Z  # C3.2
    pairs = xp.tanh(K[..., None] + Q[..., None, :])  # C3.3
    S = xp.sum(a[:, None, None] * pairs, axis=-3)  # C3.3
    S = xp.where(Mask, S, -xp.inf)  # C3.4
    return Z @ softmax(S)  # C3.5
