"""How often each token stands in a text: one head and an MLP."""

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
def histogram_weights(
    *, symbols: int, ell_max: int
) -> ETransformerParameters[NDArray[np.float64]]:
    """θ of Algorithm 9 that counts how often each token stands.

    Parameters
    ----------
    symbols : int, at least 1
        How many tokens there are to count: 0 … symbols − 1.
    ell_max : int, at least 2
        The length of the longest text, with its beginning.

    Returns
    -------
    theta : ETransformerParameters
        With N_V = symbols + ell_max and d_f = d_e: `symbols` is the
        token that begins a text, and `symbols + c` is the number c.
        For a text x of symbols after its beginning,
        `ETransformer(x, theta)` gives column t the probability 1 at
        the number of times that `x[t]` stands in x, and column 0 at
        the beginning.

    Raises
    ------
    DTypeError, ValueError
        A size is no whole number, or too small.

    Notes
    -----
    Attention gives means and no counts. But each token selects the
    tokens equal to it and the beginning besides, and averages what
    is 1 at the beginning and 0 elsewhere: 1/(1 + c). The MLP
    compares that with 1/(k + ½) for each k.

    Exact for every text of 1 to ell_max tokens, with ε = 0.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers": `selector_width`, and the histogram with BOS.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import ETransformer
    >>> theta = histogram_weights(symbols=7, ell_max=8)
    >>> P = ETransformer(np.array([7, 3, 1, 4, 1, 5]), theta)
    >>> P.argmax(axis=0) - 7
    array([0, 1, 2, 1, 2, 1])
    """
    N_V, k = symbols + ell_max, np.arange(ell_max)[:, None]
    bits = {"token": symbols + 1, "share": 1, "many": ell_max}
    features = Features(low=-1, bits=bits)
    one, token = features.read("one"), features.read("token")
    head = Head(
        query=np.vstack([token[:-1], one]),
        key=SHARP * token,
        value=token[-1:],
        out=features.write("share"),
    )
    # 1/(k + ½) is 1/(2 ℓ_max²) from 1/k and 1/(k + 1), or farther.
    bounds = 1 / (k + 1 / 2) * one
    forms = 2 * ell_max**2 * FAR * (bounds - features.read("share"))
    mlp = Thresholds(forms, features.write("many"))
    # At least c, and not at least c + 1.
    many = np.vstack([features.read("many"), 0 * one])
    counts = SHARP * (many[:-1] - many[1:])
    W_u = np.vstack([np.repeat(0 * one, symbols, 0), counts])
    return encoder(
        features, N_V, ell_max, [Block([head], mlp)], W_u
    )
