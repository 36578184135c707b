"""A text in order: a head for each symbol, and an MLP."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import ETransformerParameters
from algorithms.programs.features import SHARP, Features
from algorithms.programs.parts import (
    FAR,
    Block,
    Head,
    Thresholds,
    encoder,
)
from algorithms.signatures.decorator import checked


@checked(requires=("symbols >= 1", "ell_max >= 2"))
def sort_weights(
    *, symbols: int, ell_max: int
) -> ETransformerParameters[NDArray[np.float64]]:
    """θ of Algorithm 9 that sorts, by counting.

    Parameters
    ----------
    symbols : int, at least 1
        How many tokens there are to sort: 0 … symbols − 1.
    ell_max : int, at least 2
        The length of the longest text, with its beginning.

    Returns
    -------
    theta : ETransformerParameters
        With N_V = symbols + 1, H = symbols and d_f = d_e; token
        `symbols` begins a text. For a text x of symbols after its
        beginning, `ETransformer(x, theta)` gives column t the
        probability 1 at the t-th of them in order, equal ones as
        often as they stand, and column 0 at the beginning.

    Raises
    ------
    DTypeError, ValueError
        A size is no whole number, or too small.

    Notes
    -----
    Head s counts how many tokens are s or less, C_s, as the
    histogram counts: 1/(1 + C_s). The MLP asks where C_s < t. Then
    the t-th token in order is the first s of which that is false.
    One layer sorts: Weiss et al. have two, the second of which
    moves each token to its place.

    Exact for every text of 1 to ell_max tokens, with ε = 0.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers": `selector_width`, and sorting.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import ETransformer
    >>> theta = sort_weights(symbols=7, ell_max=8)
    >>> P = ETransformer(np.array([7, 3, 1, 4, 1, 5]), theta)
    >>> P.argmax(axis=0)
    array([7, 1, 1, 3, 4, 5])
    """
    N_V, t = symbols + 1, np.arange(ell_max)
    bits = {
        "token": N_V,
        "position": ell_max,
        "shares": symbols,
        "less": N_V,
    }
    features = Features(low=-1, bits=bits)
    one, token = features.read("one"), features.read("token")
    bos, shares = token[-1:], features.write("shares")
    up_to = np.cumsum(token, axis=0)  # row s: is it s or less?
    heads = [
        Head(
            query=one,
            key=SHARP * (up_to[[s]] + bos),
            value=bos,
            out=shares[:, [s]],
        )
        for s in range(symbols)
    ]
    # No token is less than 0, hence the 1 before the shares. At the
    # beginning, t = 0, the bound is 2, and no share is above it.
    counted = np.vstack([one, features.read("shares")])
    bounds = 1 / (t[None, :] + 1 / 2) @ features.read("position")
    forms = 2 * ell_max**2 * FAR * (counted - bounds)
    mlp = Thresholds(forms, features.write("less"))
    # Fewer than t are s − 1 or less, and not fewer s or less.
    less = features.read("less")
    first = features.read("position")[:1]
    W_u = SHARP * np.vstack([less[:-1] - less[1:], first])
    return encoder(features, N_V, ell_max, [Block(heads, mlp)], W_u)
