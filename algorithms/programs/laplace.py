"""Laplace's rule: a Bayesian in one head of Algorithm 4."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from algorithms.paper.parameters import AttentionParameters
from algorithms.signatures.decorator import checked


@checked(requires=("0 < ones <= 1e300", "0 < zeros <= 1e300"))
def laplace_weights(
    *, ones: float = 1.0, zeros: float = 1.0
) -> AttentionParameters[NDArray[np.float64]]:
    """W_qkv of Algorithm 4 that guesses the next toss of a coin.

    Parameters
    ----------
    ones, zeros : float, above 0, at most 1e300
        What is believed of the coin before its first toss: that its
        chance of a 1 is from Beta(ones, zeros). With 1 and 1 all
        chances are equally likely, which is Laplace's rule.

    Returns
    -------
    W_qkv : AttentionParameters
        With d_x = d_z = 3 and d_out = 1. A token is a column of the
        identity matrix: toss 0, toss 1, and 2 for the beginning. Of
        n tosses after it, k of which are 1, attention gives
        (k + ones)/(n + ones + zeros).

    Raises
    ------
    DTypeError, ValueError
        A number is out of its range.

    Notes
    -----
    The beginning has the score log(ones + zeros), so it weighs as
    much as that many tosses, and the value that they have as their
    mean. All tosses have the score 0. The posterior mean is thus a
    softmax: attention is exact Bayesian inference here.

    Source: Laplace 1774; Müller et al. 2022, "Transformers Can Do
    Bayesian Inference", train for what is written down here.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import Attention, unidirectional_mask
    >>> X = np.eye(3)[:, [2, 1, 1, 0, 1]]
    >>> Mask = unidirectional_mask(X)
    >>> Attention(X, X, laplace_weights(), Mask).round(3)
    array([[0.5  , 0.667, 0.75 , 0.6  , 0.667]])
    """
    tosses = ones + zeros
    return AttentionParameters(
        W_q=np.zeros((1, 3)),
        b_q=np.ones(1),
        W_k=np.array([[0.0, 0.0, math.log(tosses)]]),
        b_k=np.zeros(1),
        W_v=np.array([[0.0, 1.0, ones / tosses]]),
        b_v=np.zeros(1),
    )
