"""What followed a token when it last stood there: two heads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import DTransformerParameters
from algorithms.programs.features import SHARP, Features
from algorithms.programs.parts import Block, Head, decoder
from algorithms.programs.previous_token import previous_token_head
from algorithms.signatures.decorator import checked


@checked(requires=("N_V >= 1", "ell_max >= 1"))
def induction_weights(
    *, N_V: int, ell_max: int
) -> DTransformerParameters[NDArray[np.float64]]:
    """θ of Algorithm 10 that goes on as the text did before.

    Parameters
    ----------
    N_V : int, at least 1
        How many tokens there are.
    ell_max : int, at least 1
        The length of the longest sequence.

    Returns
    -------
    theta : DTransformerParameters
        `DTransformer(x, theta)` gives column t the probability 1 at
        the token that followed `x[t]` where it last stood before t,
        and at `x[t]` where it did not.

    Raises
    ------
    DTypeError, ValueError
        A size is no whole number, or less than 1.

    Notes
    -----
    Layer 1 writes beside each token which one stood before it.
    Layer 2 looks for the last place where that is the token of its
    own, and takes the token there. The first place, which has no
    token before it, is put last.

    Exact for every sequence of 1 to ell_max tokens, with ε = 0.

    Source: Olsson et al. 2022, "In-context Learning and Induction
    Heads", who find such heads in trained models.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformer
    >>> theta = induction_weights(N_V=9, ell_max=8)
    >>> P = DTransformer(np.array([3, 1, 4, 3, 1, 4]), theta)
    >>> P.argmax(axis=0)
    array([3, 1, 4, 1, 4, 3])
    """
    bits = {
        "token": N_V,
        "position": ell_max,
        "before": N_V,
        "after": N_V,
    }
    features = Features(low=0, bits=bits)
    token = features.read("token")
    t = np.arange(ell_max, dtype=float)
    t[0] = -2 * ell_max
    late = t[None, :] @ features.read("position")
    same = 2 * ell_max * features.read("before")
    head = Head(
        query=np.vstack([token, features.read("one")]),
        key=SHARP * np.vstack([same, late]),
        value=token,
        out=features.write("after"),
    )
    blocks = [Block([previous_token_head(features)]), Block([head])]
    W_u = SHARP * features.read("after")
    return decoder(features, N_V, ell_max, blocks, W_u)
