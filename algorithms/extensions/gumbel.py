"""Algorithm S3: a token drawn without any sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from algorithms.extensions.token_weights import log_weights
from algorithms.signatures.arrays import A, Array, namespace
from algorithms.signatures.declarations import Weights
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm("S3")
def gumbel_max(
    p: Annotated[Float[A, "*batch N_V"], Weights()],
    u: Float[A, "*batch N_V"],
) -> Integer[Array, "*batch"]:
    """The token whose log p plus Gumbel noise is largest.

    Where u is uniform, the token is distributed as p.

    Parameters
    ----------
    p : float, (*batch, N_V)
        A distribution on the vocabulary, or weights: a factor
        changes nothing.
    u : float, (*batch, N_V)
        Random numbers in (0, 1), independent, one for each token.

    Returns
    -------
    y : integer, (*batch)
        A token; never one of probability 0, where u is in (0, 1).

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError, NotFiniteError
        An entry of p is negative, or nan.

    Notes
    -----
    The same p draws another token than `sample` would. All is array
    operations: it runs where a library compiles, too.

    Source: Gumbel 1954, "Statistical Theory of Extreme Values and
    Some Practical Applications"; Maddison, Tarlow & Minka 2014,
    "A* Sampling".

    Examples
    --------
    >>> import numpy as np
    >>> p, u = np.array([0.25, 0.75]), np.array([0.9, 0.2])
    >>> int(gumbel_max(p, u)), int(gumbel_max(p, 1 - u))
    (0, 1)
    """
    xp = namespace(p)
    s = log_weights(p) - xp.log(-xp.log(u))  # S3.1
    return xp.argmax(s, axis=-1)  # S3.2
