"""Which of two tokens is more frequent so far: one head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import DTransformerParameters
from algorithms.programs.features import SHARP, Features
from algorithms.programs.parts import Block, Head, decoder
from algorithms.signatures.decorator import checked


@checked(requires=("ell_max >= 1",))
def majority_weights(
    *, ell_max: int
) -> DTransformerParameters[NDArray[np.float64]]:
    """θ of Algorithm 10 that says of what there is more so far.

    Parameters
    ----------
    ell_max : int, at least 1
        The length of the longest sequence.

    Returns
    -------
    theta : DTransformerParameters
        With N_V = 2. `DTransformer(x, theta)` gives column t the
        probability 1 at token 1 where more than half of the tokens
        up to t are 1, and else at token 0.

    Raises
    ------
    DTypeError, ValueError
        ell_max is no whole number, or less than 1.

    Notes
    -----
    All scores are 0: the head gives the share of the ones. A share
    above ½ is above it by 1/(2 ℓ_max) at least, so W_u asks whether
    it is above ½ + 1/(4 ℓ_max). All columns of W_p are one: there
    is nothing to know of a position.

    Exact for every sequence of 1 to ell_max tokens, with ε = 0.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers"; Pérez, Barceló & Marinkovic 2021, "Attention is
    Turing-Complete", section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformer
    >>> theta = majority_weights(ell_max=8)
    >>> P = DTransformer(np.array([1, 0, 0, 1, 1]), theta)
    >>> P.argmax(axis=0)
    array([1, 0, 0, 0, 1])
    """
    features = Features(low=0, bits={"token": 2, "share": 1})
    one = features.read("one")
    head = Head(
        query=0 * one,
        key=0 * one,
        value=features.read("token")[1:],
        out=features.write("share"),
    )
    bound = 1 / 2 + 1 / (4 * ell_max)
    form = features.read("share") - bound * one
    W_u = 4 * ell_max * SHARP * np.vstack([0 * form, form])
    return decoder(features, 2, ell_max, [Block([head])], W_u)
