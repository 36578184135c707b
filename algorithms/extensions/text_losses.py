"""Algorithms D6 and D7: losses of a text and of its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from algorithms.paper.embedding import Token
from algorithms.signatures.arrays import (
    A,
    Array,
    entries,
    namespace,
)
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@algorithm("D6", requires=("1 <= ell_p", "ell_p <= ell"))
def prefix_loss(
    P: Float[A, "*batch N_V ell"],
    x: Annotated[Integer[Array, "*batch ell"], Token],
    *,
    ell_p: int,
) -> Float[A, ""]:
    """Cross-entropy of what follows a prefix.

    Parameters
    ----------
    P : float, (*batch, N_V, ell)
        Predicted distributions, as columns, those of
        `PrefixTransformer` with the same ell_p.
    x : integer of any type, (*batch, ell)
        The sequence. Column t of P predicts token t+1.
    ell_p : int, 1 … ell
        The length of the prefix, whose tokens are not predicted.

    Returns
    -------
    loss : float, ()
        The sum over the ell − ell_p tokens after the prefix.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        The prefix is empty, or longer than x.

    Notes
    -----
    With ell_p = 1 the loss of 13.5. The tokens of a prefix see each
    other both ways, so that columns before ell_p − 1 have seen what
    they would predict.

    Source: Raffel et al. 2020, "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", section
    3.2.1; Liu et al. 2018, "Generating Wikipedia by Summarizing
    Long Sequences".

    Examples
    --------
    >>> import numpy as np
    >>> P = np.array([[0.1, 0.5, 0.3], [0.9, 0.5, 0.7]])
    >>> x = np.array([0, 1, 0])
    >>> round(float(prefix_loss(P, x, ell_p=2)), 3)
    0.693
    """
    xp = namespace(P)
    before, after = P[..., ell_p - 1 : -1], x[..., ell_p:]
    return -xp.sum(xp.log(entries(before, after)))  # D6.1


@algorithm("D7", requires=("lambda_x > 0", "0 <= c < N_C"))
def tuning_loss(
    p_c: Float[A, " N_C"],
    c: int,
    P: Float[A, "N_V ell"],
    x: Annotated[Integer[Array, " ell"], Token],
    *,
    lambda_x: float = 0.5,
) -> Float[A, ""]:
    """The loss of a class, and a part of that of the text.

    Parameters
    ----------
    p_c : float, (N_C,)
        The probability of each class, that of `DClassifier`.
    c : int, 0 … N_C−1
        The class.
    P : float, (N_V, ell)
        Predicted distributions, as columns, those of
        `DTransformer`.
    x : integer of any type, (ell,)
        The sequence. Column t of P predicts token t+1.
    lambda_x : float, above 0
        How much the text counts; ½ in GPT-1.

    Returns
    -------
    loss : float, ()
        −log p_c[c], and lambda_x times the loss of 13.5.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        c or lambda_x is out of its range.

    Notes
    -----
    The decoder and the classifier have all but their last matrix in
    common: a gradient is taken of both at once. The source says L3
    = L2 + λ L1 of log-probabilities, which are to be large; here
    the loss is to be small.

    Source: Radford et al. 2018, "Improving Language Understanding
    by Generative Pre-Training", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> p_c, P = np.array([0.5, 0.5]), np.array([[0.25], [0.75]])
    >>> round(float(tuning_loss(p_c, 1, P, np.array([1]))), 3)
    0.693
    """
    xp = namespace(P)
    text = -xp.sum(xp.log(entries(P[:, :-1], x[1:])))
    return text * lambda_x - xp.log(p_c[c])  # D7.1
