"""How many brackets are open: one head and an MLP."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import DTransformerParameters
from algorithms.programs.features import SHARP, Features
from algorithms.programs.parts import (
    FAR,
    Block,
    Head,
    Thresholds,
    decoder,
)
from algorithms.signatures.decorator import checked


@checked(requires=("ell_max >= 1",))
def dyck_depth_weights(
    *, ell_max: int
) -> DTransformerParameters[NDArray[np.float64]]:
    """θ of Algorithm 10 that counts how many brackets are open.

    Parameters
    ----------
    ell_max : int, at least 1
        The length of the longest sequence.

    Returns
    -------
    theta : DTransformerParameters
        With N_V = ell_max + 3: token 0 opens, 1 closes, and 2 + d
        is the depth d. `DTransformer(x, theta)` gives column t the
        probability 1 at the depth after `x[t]`: as many as have
        been opened more than closed, and 0 where that is negative.
        Tokens of depths in x are neither.

    Raises
    ------
    DTypeError, ValueError
        ell_max is no whole number, or less than 1.

    Notes
    -----
    Attention gives the shares of both brackets. The depth after t
    tokens is at least k where the difference of the shares is above
    (k − ½)/t, which the MLP asks for each k. So ℓ_max hidden pairs
    count to ℓ_max.

    Exact for every sequence of 1 to ell_max tokens, with ε = 0.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers", whose programs for Dyck languages begin so.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformer
    >>> theta = dyck_depth_weights(ell_max=8)
    >>> P = DTransformer(np.array([0, 0, 1, 0, 1, 1]), theta)
    >>> P.argmax(axis=0) - 2
    array([1, 2, 1, 2, 1, 0])
    """
    N_V, k = ell_max + 3, np.arange(1, ell_max + 1)
    bits = {
        "token": N_V,
        "position": ell_max,
        "shares": 2,
        "deep": ell_max,
    }
    features = Features(low=0, bits=bits)
    one = features.read("one")
    head = Head(
        query=0 * one,
        key=0 * one,
        value=features.read("token")[:2],
        out=features.write("shares"),
    )
    opened, closed = features.read("shares")
    # k − ½ divided by the position, counted from 1: by k again.
    bounds = (k[:, None] - 1 / 2) / k @ features.read("position")
    forms = 2 * ell_max * FAR * (opened - closed - bounds)
    mlp = Thresholds(forms, features.write("deep"))
    # At least d, and not at least d + 1.
    deep = np.vstack([one, features.read("deep"), 0 * one])
    depths = SHARP * (deep[:-1] - deep[1:])
    W_u = np.vstack([0 * one, 0 * one, depths])
    return decoder(
        features, N_V, ell_max, [Block([head], mlp)], W_u
    )
