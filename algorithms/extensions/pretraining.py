"""Algorithm D9: Algorithm 13 as it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from algorithms.extensions.schedules import schedule
from algorithms.paper.decoder import DTransformer
from algorithms.paper.embedding import Token
from algorithms.paper.notation import GELU
from algorithms.paper.parameters import DTransformerParameters
from algorithms.paper.training import ValueAndGradient, slope
from algorithms.signatures.arrays import A, Array
from algorithms.signatures.declarations import Count
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import tree_map
from algorithms.training.mini_batches import log_loss, pad

if TYPE_CHECKING:
    from jaxtyping import Integer


@algorithm(
    "D9",
    requires=(
        "ell <= ell_max",
        "N_data == N_steps * B",
        "N_warm + 1 <= N_steps",
        "N_warm >= 0",
        "1 <= B",
        "mu > 0",
        "eta_max > 0",
        "eta_min >= 0",
        "eps >= 0",
    ),
)
def DPretraining(
    x: Annotated[
        Sequence[Annotated[Integer[Array, " ell"], Token]],
        Count("N_data"),
    ],
    theta: DTransformerParameters[A],
    *,
    N_steps: int,
    B: int,
    N_warm: int,
    eta_max: float,
    eta_min: float = 0.0,
    mu: float = 0.9,
    value_and_gradient: ValueAndGradient[
        DTransformerParameters[A], A
    ]
    | None = None,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
) -> DTransformerParameters[A]:
    """Train a model to guess the next token, batch by batch.

    Parameters
    ----------
    x : sequence of N_data integer arrays, (ell,)
        The data, each used once. Token IDs, 0 … N_V−1; lengths
        1 … ell_max.
    theta : DTransformerParameters
        The initial parameters.
    N_steps : int, at least 1
        How many steps are taken.
    B : int, at least 1
        How many sequences a step takes.
    N_warm : int, 0 … N_steps−1
        At which step the learning rate is highest.
    eta_max, eta_min : float
        The highest and the last learning rate: see `schedule`.
    mu : float, greater than 0
        How much of the momentum a step leaves.
    value_and_gradient : function of (loss, theta), optional
        As in `DTraining`.
    eps, activation
        As in `DTransformer`.

    Returns
    -------
    theta_hat : DTransformerParameters
        The trained parameters.

    Raises
    ------
    IndexError, ShapeError, DTypeError
        As in `DTraining`.
    ValueError
        A number is out of its range; N_data is not N_steps · B.
    NotFiniteError
        As in `DTraining`, named by its step.

    Notes
    -----
    The sequences of a step are one batch: the shorter ones are
    padded, and what is padded has no part in the loss, which is the
    sum of the losses of 13.5. To stop and resume, to use other
    optimisers or models, see `algorithms.training.training_run`.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=7, ell_max=4, L=1, H=1, d_e=2, d_mlp=3, d_attn=2,
    ...     d_mid=2,
    ... )
    >>> theta_hat = DPretraining(
    ...     [np.array([5, 2, 6]), np.array([1])], theta, N_steps=2,
    ...     B=1, N_warm=0, eta_max=0.1, eps=1e-5,
    ... )
    >>> bool((theta_hat.W_u == theta.W_u).all())
    False
    """
    m = tree_map(lambda w: 0 * w, theta)  # D9.1
    for i in range(1, N_steps + 1):  # D9.2
        batch = [x[n] for n in range((i - 1) * B, i * B)]
        loss = partial(
            loss_of_batch, batch, eps=eps, activation=activation
        )
        g = slope(
            "DPretraining", value_and_gradient, loss, theta, i
        )  # D9.3-D9.7
        m = tree_map(lambda m, g: mu * m + g / B, m, g)  # D9.9
        eta = schedule(
            i,
            N_warm=N_warm,
            N_steps=N_steps,
            eta_max=eta_max,
            eta_min=eta_min,
        )  # D9.10
        theta = tree_map(
            lambda w, m: w - eta * m, theta, m
        )  # D9.10
    return theta  # D9.12


def loss_of_batch(
    x: Sequence[Array],
    theta: DTransformerParameters[A],
    *,
    eps: float,
    activation: Callable[[A], A],
) -> A:
    """The sum of the losses of 13.5, of all sequences at once."""
    x_i, padding = pad(x)
    P = DTransformer(
        x_i,
        theta,
        eps=eps,
        activation=activation,
        padding=padding,
    )
    return log_loss(P[..., :-1], x_i[:, 1:], padding[:, 1:])
