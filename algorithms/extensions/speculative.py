"""Algorithm S6: a small model writes, a large one corrects it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from algorithms.paper.sampling import sample
from algorithms.signatures.arrays import A, namespace
from algorithms.signatures.declarations import Weights
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm("S6", requires=("0 <= y < N_V",))
def speculative_step(
    p: Annotated[Float[A, " N_V"], Weights(sum_is_1=True)],
    q: Annotated[Float[A, " N_V"], Weights(sum_is_1=True)],
    y: int,
    *,
    rng: np.random.Generator,
) -> int:
    """A token drawn from q becomes one that is drawn from p.

    Parameters
    ----------
    p : float, (N_V,)
        The distribution that the model gives.
    q : float, (N_V,)
        That of its draft, a faster model say.
    y : int, 0 … N_V−1
        A token drawn from q.
    rng : numpy.random.Generator
        Asked for one number, and for another where y is not kept.

    Returns
    -------
    y : int
        A token, distributed as p whatever q is: the same, or one
        that q gives less than p.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        y is no token, or one that q never gives; an entry of p or q
        is negative, or their sum is not 1, but for rounding.
    NotFiniteError
        p or q holds nan.

    Notes
    -----
    Weights that `top_k` and its kin give do not sum to 1: with
    `p = nucleus(p, alpha=0.9)`, it is `p / np.sum(p)` that goes
    here, and where y was drawn by weights, q is made likewise.

    A draft may write several tokens ahead: p of all of them is then
    one pass of the model. They are corrected from the first on, up
    to the first that is not kept, and what stands after it is given
    up. `sample(p, rng)` of the next column makes one more token
    where all are kept.

    The token is kept as probably as Σ min(p, q).

    Source: Leviathan, Kalman & Matias 2023, "Fast Inference from
    Transformers via Speculative Decoding"; Chen et al. 2023,
    "Accelerating Large Language Model Decoding with Speculative
    Sampling".

    Examples
    --------
    >>> import numpy as np
    >>> p, q = np.array([0.25, 0.75]), np.array([1.0, 0.0])
    >>> rng = np.random.default_rng(0)
    >>> sum(speculative_step(p, q, 0, rng=rng) for _ in range(1000))
    752
    """
    xp = namespace(p)
    if not q[y] > 0:
        raise ValueError(
            f"speculative_step: q gives token {y} probability "
            f"{float(q[y])}, want y drawn from q"
        )
    a = q[y] * rng.random() < p[y]  # S6.1
    r = xp.maximum(p - q, p * 0)  # S6.2
    keep = a or not xp.max(r) > 0
    q = q if keep else r / xp.sum(r)  # S6.3
    y = y if keep else sample(q, rng)  # S6.3
    return y  # S6.4
