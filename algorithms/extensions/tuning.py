"""Algorithm D10: a model learns to tell classes apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

from algorithms.extensions.classifier import (
    EClassifier,
    EClassifierParameters,
)
from algorithms.paper.embedding import Token
from algorithms.paper.notation import GELU
from algorithms.paper.training import (
    ValueAndGradient,
    descend,
    slope,
)
from algorithms.signatures.arrays import (
    A,
    Array,
    entries,
    namespace,
)
from algorithms.signatures.declarations import Below, Count
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Integer


@algorithm(
    "D10",
    requires=(
        "ell <= ell_max",
        "N_epochs >= 0",
        "eta > 0",
        "eps >= 0",
    ),
)
def ETuning(
    x: Annotated[
        Sequence[Annotated[Integer[Array, " ell"], Token]],
        Count("N_data"),
    ],
    c: Annotated[Integer[Array, " N_data"], Below("N_C", "class")],
    theta: EClassifierParameters[A],
    *,
    N_epochs: int,
    eta: float,
    value_and_gradient: ValueAndGradient[
        EClassifierParameters[A], A
    ]
    | None = None,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
) -> EClassifierParameters[A]:
    """Tune a model to tell classes apart, sequence by sequence.

    Parameters
    ----------
    x : sequence of N_data integer arrays, (ell,)
        The data. Token IDs, 0 … N_V−1; lengths 1 … ell_max.
    c : integer of any type, (N_data,)
        The class of each, 0 … N_C−1.
    theta : EClassifierParameters
        The initial parameters: as a rule those of an ETransformer,
        with a new head.
    N_epochs : int, at least 0
        How often all data are used.
    eta : float, greater than 0
        The learning rate.
    value_and_gradient : function of (loss, theta), optional
        As in `DTraining`.
    eps, activation
        As in `EClassifier`.

    Returns
    -------
    theta_hat : EClassifierParameters
        The trained parameters.

    Raises
    ------
    IndexError, ShapeError, DTypeError
        A sequence holds a token outside 0 … N_V−1, is empty or is
        longer than ell_max (A4), or its class is outside
        0 … N_C−1: before the first step. The same errors name a
        gradient that is not of θ's form.
    ValueError
        A number is out of its range.
    NotFiniteError
        A loss or its gradient is infinite or nan. The error names
        the step, and has θ as it was before: `error.theta`.

    Notes
    -----
    How to find a gradient the paper does not say (A13).

    Source: Devlin et al. 2019, "BERT: Pre-training of Deep
    Bidirectional Transformers for Language Understanding", section
    4.1; the loop is that of Algorithm 12.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     EClassifierParameters, np.random.default_rng(0),
    ...     N_V=7, ell_max=4, L=1, H=1, d_e=2, d_mlp=3, d_attn=2,
    ...     d_mid=2, d_f=2, N_C=3,
    ... )
    >>> theta_hat = ETuning(
    ...     [np.array([5, 2, 6])], np.array([1]), theta, N_epochs=1,
    ...     eta=0.1, eps=1e-5,
    ... )
    >>> bool((theta_hat.b_c == theta.b_c).any())
    False
    """
    xp, N_data = namespace(theta.W_e), len(x)
    for i in range(N_epochs):  # D10.1
        for n in range(N_data):  # D10.2

            def p(theta: EClassifierParameters[A]) -> A:
                return EClassifier(
                    x[n], theta, eps=eps, activation=activation
                )  # D10.3

            def loss(theta: EClassifierParameters[A]) -> A:
                p_n = p(theta)[:, None]
                return -xp.log(
                    entries(p_n, c[n : n + 1])[0]
                )  # D10.4

            gradient = slope(
                "ETuning", value_and_gradient, loss, theta, i, n
            )  # D10.5
            theta = descend(theta, eta, gradient)  # D10.5
    return theta  # D10.8
