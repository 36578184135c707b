"""Algorithm C1: what queries gather from keys and values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, Array, namespace
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.values import refuse_lost_scores

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@algorithm("C1")
def attend(
    Q: Float[A, "*#batch d_attn ell_x"],
    K: Float[A, "*#batch d_attn ell_z"],
    V: Float[A, "*#batch d_out ell_z"],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
) -> Float[A, "*batch d_out ell_x"]:
    """For each query, a mean of the values.

    Parameters
    ----------
    Q : float, (*batch, d_attn, ell_x)
        The queries, as columns.
    K : float, (*batch, d_attn, ell_z)
        The keys.
    V : float, (*batch, d_out, ell_z)
        The values.
    Mask : bool, (*batch, ell_z, ell_x)
        `Mask[t_z, t_x]`: may query t_x attend to key t_z?

    Returns
    -------
    V_tilde : float, (*batch, d_out, ell_x)
        Leading axes are those of all arguments, broadcast.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.

    Notes
    -----
    Lines 4 to 6 of Algorithm 4, whose notes on float16 and on nan
    hold here too. It is what kernels compute:
    torch.nn.functional.scaled_dot_product_attention takes the same
    with tokens as rows.

    Source: Vaswani et al. 2017, "Attention Is All You Need",
    equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> Q, K = np.zeros((1, 2)), np.zeros((1, 3))
    >>> V = np.array([[1.0, 3.0, 8.0]])
    >>> Mask = np.array([[True, True], [True, True], [False, True]])
    >>> attend(Q, K, V, Mask)
    array([[2., 4.]])
    """
    xp = namespace(Q)
    S = K.mT @ Q  # C1.1
    refuse_lost_scores(S, Mask, "attend")
    S = xp.where(Mask, S, -xp.inf)  # C1.2
    d_attn = Q.shape[-2]
    return V @ softmax(S / math.sqrt(d_attn))  # C1.3
