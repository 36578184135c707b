"""Algorithm C90: attention whose scores have a cap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, Array, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@algorithm("C90")
def capped_attend(
    Q: Float[A, "*#batch d_attn ell_x"],
    K: Float[A, "*#batch d_attn ell_z"],
    V: Float[A, "*#batch d_out ell_z"],
    Mask: Bool[Array, "*#batch ell_z ell_x"],
    *,
    c: float,
) -> Float[A, "*batch d_out ell_x"]:
    """For each query a mean of the values, of scores with a cap."""
    xp = namespace(Q)
    S = K.mT @ Q / math.sqrt(Q.shape[-2])  # C90.1
    S = c * xp.tanh(S / c)  # C90.2
    S = xp.where(Mask, S, -xp.inf)  # C90.3
    return V @ softmax(S)  # C90.4
