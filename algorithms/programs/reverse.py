"""A text from its end to its beginning: two layers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import ETransformerParameters
from algorithms.programs.features import SHARP, Features
from algorithms.programs.parts import Block, Head, encoder
from algorithms.signatures.decorator import checked


@checked(requires=("N_V >= 1", "ell_max >= 1"))
def reverse_weights(
    *, N_V: int, ell_max: int
) -> ETransformerParameters[NDArray[np.float64]]:
    """θ of Algorithm 9 that turns a text round.

    Parameters
    ----------
    N_V : int, at least 1
        How many tokens there are. The last, N_V − 1, ends a text.
    ell_max : int, at least 1
        The length of the longest text, with its end.

    Returns
    -------
    theta : ETransformerParameters
        With d_f = d_e. For a text x whose last token, and no other,
        is N_V − 1, `ETransformer(x, theta)` gives column t the
        probability 1 at `x[len(x) − 1 − t]`.

    Raises
    ------
    DTypeError, ValueError
        A size is no whole number, or less than 1.

    Notes
    -----
    Layer 1 writes beside each token where the text ends, e. Layer 2
    scores position s with 2 s (e − t) − s², which is largest at
    s = e − t. The MLPs add nothing.

    Exact for every text of 1 to ell_max tokens, with ε = 0.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers", whose `reverse` is given the length.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import ETransformer
    >>> theta = reverse_weights(N_V=9, ell_max=8)
    >>> P = ETransformer(np.array([3, 1, 4, 1, 5, 8]), theta)
    >>> P.argmax(axis=0)
    array([8, 5, 1, 4, 1, 3])
    """
    bits = {
        "token": N_V,
        "position": ell_max,
        "end": ell_max,
        "mirrored": N_V,
    }
    features = Features(low=-1, bits=bits)
    one, token = features.read("one"), features.read("token")
    position = features.read("position")
    find_end = Head(
        query=one,
        key=SHARP * token[-1:],
        value=position,
        out=features.write("end"),
    )
    s = np.arange(ell_max, dtype=float)[None, :]
    back = s @ features.read("end") - s @ position
    mirror = Head(
        query=np.vstack([one, back]),
        key=SHARP * np.vstack([-(s**2), 2 * s]) @ position,
        value=token,
        out=features.write("mirrored"),
    )
    blocks = [Block([find_end]), Block([mirror])]
    W_u = SHARP * features.read("mirrored")
    return encoder(features, N_V, ell_max, blocks, W_u)
