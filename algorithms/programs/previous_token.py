"""Which token stands before each: one head of Algorithm 10."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import DTransformerParameters
from algorithms.programs.features import SHARP, Features
from algorithms.programs.parts import Block, Head, decoder
from algorithms.signatures.decorator import checked


def previous_token_head(features: Features) -> Head:
    """A head that writes the token before into `before`.

    RASP: `aggregate(select(indices, indices − 1, ==), tokens)`. The
    first token asks for nothing, and sees only itself.
    """
    position = features.read("position")
    before = np.vstack([position[1:], np.zeros_like(position[:1])])
    return Head(
        query=before,
        key=SHARP * position,
        value=features.read("token"),
        out=features.write("before"),
    )


@checked(requires=("N_V >= 1", "ell_max >= 1"))
def previous_token_weights(
    *, N_V: int, ell_max: int
) -> DTransformerParameters[NDArray[np.float64]]:
    """θ of Algorithm 10 that says which token came before.

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
        token `x[t − 1]`, and column 0 at `x[0]`; all else is 0.

    Raises
    ------
    DTypeError, ValueError
        A size is no whole number, or less than 1.

    Notes
    -----
    Exact for every sequence of 1 to ell_max tokens, with ε = 0.

    Source: Weiss, Goldberg & Yahav 2021, "Thinking Like
    Transformers"; Lindner et al. 2023, "Tracr: Compiled
    Transformers as a Laboratory for Interpretability".

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformer
    >>> theta = previous_token_weights(N_V=9, ell_max=8)
    >>> P = DTransformer(np.array([3, 1, 4, 1, 5]), theta)
    >>> P.argmax(axis=0)
    array([3, 3, 1, 4, 1])
    """
    bits = {"token": N_V, "position": ell_max, "before": N_V}
    features = Features(low=0, bits=bits)
    blocks = [Block([previous_token_head(features)])]
    W_u = SHARP * features.read("before")
    return decoder(features, N_V, ell_max, blocks, W_u)
