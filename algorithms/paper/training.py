"""Algorithms 11, 12 and 13: θ learns from a data set."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np

from algorithms.paper.decoder import DTransformer
from algorithms.paper.embedding import Token, reserved
from algorithms.paper.encoder import ETransformer
from algorithms.paper.encoder_decoder import EDTransformer
from algorithms.paper.notation import GELU, ReLU
from algorithms.paper.parameters import (
    DTransformerParameters,
    EDTransformerParameters,
    ETransformerParameters,
)
from algorithms.signatures.arrays import (
    A,
    Array,
    as_index,
    device,
    entries,
    namespace,
)
from algorithms.signatures.declarations import Count
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.errors import DTypeError, NotFiniteError
from algorithms.signatures.trees import named_arrays, tree_map
from algorithms.signatures.values import number

if TYPE_CHECKING:
    from jaxtyping import Integer

Theta = TypeVar("Theta")
#: `value_and_gradient(loss, theta)`: loss(theta), and its gradient
#: in the form of theta.
ValueAndGradient = Callable[
    [Callable[[Theta], A], Theta], tuple[A, Theta]
]


@algorithm(
    11,
    requires=(
        "ell_z <= ell_max",
        "ell_x <= ell_max",
        "N_epochs >= 0",
        "eta > 0",
        "eps >= 0",
    ),
)
def EDTraining(
    z: Annotated[
        Sequence[Annotated[Integer[Array, " ell_z"], Token]],
        Count("N_data"),
    ],
    x: Annotated[
        Sequence[Annotated[Integer[Array, " ell_x"], Token]],
        Count("N_data"),
    ],
    theta: EDTransformerParameters[A],
    *,
    N_epochs: int,
    eta: float,
    value_and_gradient: ValueAndGradient[
        EDTransformerParameters[A], A
    ]
    | None = None,
    eps: float = 0.0,
    activation: Callable[[A], A] = ReLU,
) -> EDTransformerParameters[A]:
    """Train a sequence-to-sequence model, pair by pair.

    Parameters
    ----------
    z, x : sequences of N_data integer arrays, (ell_z,) and (ell_x,)
        The data: x[n] is to follow from z[n]. Token IDs, 0 … N_V−1;
        lengths 1 … ell_max.
    theta : EDTransformerParameters
        The initial parameters.
    N_epochs : int, at least 0
        How often all data are used.
    eta : float, greater than 0
        The learning rate.
    value_and_gradient : function of (loss, theta), optional
        Gives `loss(theta)` and its gradient, in the form of theta:
        `lambda f, w: jax.value_and_grad(f)(w)`, say. By default
        `algorithms.value_and_gradient`, for NumPy's arrays.
    eps, activation
        As in `EDTransformer`.

    Returns
    -------
    theta_hat : EDTransformerParameters
        The trained parameters.

    Raises
    ------
    IndexError, ShapeError, DTypeError
        A sequence holds a token outside 0 … N_V−1, is empty or is
        longer than ell_max (A4): named by its index, before the
        first step. The same errors name a gradient that is not of
        θ's form.
    ValueError
        A number is out of its range.
    NotFiniteError
        A loss or its gradient is infinite or nan. The error names
        the step, and has θ as it was before: `error.theta`.

    Notes
    -----
    How to find a gradient the paper does not say (A13).

    The loss is a sum over tokens (A8) but the first (A9).

    Source: Phuong & Hutter 2022, Algorithm 11.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     EDTransformerParameters, np.random.default_rng(0),
    ...     N_V=7, ell_max=4, L_enc=1, L_dec=1, H=1, d_e=2, d_mlp=3,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> z, x = [np.array([0, 1])], [np.array([5, 2, 6])]
    >>> theta_hat = EDTraining(
    ...     z, x, theta, N_epochs=1, eta=0.1, eps=1e-5,
    ... )
    >>> bool((theta_hat.W_u == theta.W_u).any())
    False
    """
    xp, N_data = namespace(theta.W_e), len(x)
    for i in range(N_epochs):  # 11.1
        for n in range(N_data):  # 11.2
            z_n, x_n = z[n], x[n]
            ell = x_n.shape[0]  # 11.3

            def P(theta: EDTransformerParameters[A]) -> A:
                return EDTransformer(
                    z_n, x_n, theta, eps=eps, activation=activation
                )  # 11.4

            def loss(theta: EDTransformerParameters[A]) -> A:
                p = entries(P(theta)[:, : ell - 1], x_n[1:])  # 11.5
                return -xp.sum(xp.log(p))  # 11.5

            gradient = slope(
                "EDTraining", value_and_gradient, loss, theta, i, n
            )  # 11.6
            theta = descend(theta, eta, gradient)  # 11.6
    return theta  # 11.9


@algorithm(
    12,
    requires=(
        "ell <= ell_max",
        "N_epochs >= 0",
        "eta > 0",
        "0 < p_mask < 1",
        "0 <= mask_token < N_V",
        "eps >= 0",
    ),
)
def ETraining(
    x: Annotated[
        Sequence[Annotated[Integer[Array, " ell"], Token]],
        Count("N_data"),
    ],
    theta: ETransformerParameters[A],
    *,
    N_epochs: int,
    eta: float,
    p_mask: float,
    rng: np.random.Generator,
    value_and_gradient: ValueAndGradient[
        ETransformerParameters[A], A
    ]
    | None = None,
    mask_token: int | None = None,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
) -> ETransformerParameters[A]:
    """Train a model to guess masked tokens, sequence by sequence.

    Parameters
    ----------
    x : sequence of N_data integer arrays, (ell,)
        The data. Token IDs, 0 … N_V−1; lengths 1 … ell_max.
    theta : ETransformerParameters
        The initial parameters.
    N_epochs : int, at least 0
        How often all data are used.
    eta : float, greater than 0
        The learning rate.
    p_mask : float, in (0, 1)
        How probable it is that a token is masked.
    rng : numpy.random.Generator
        Asked for one number a token, which decides on its mask.
    value_and_gradient : function of (loss, theta), optional
        Gives `loss(theta)` and its gradient, in the form of theta:
        `lambda f, w: jax.value_and_grad(f)(w)`, say. By default
        `algorithms.value_and_gradient`, for NumPy's arrays.
    mask_token : int, optional
        By default the paper's, N_V−3.
    eps, activation
        As in `ETransformer`.

    Returns
    -------
    theta_hat : ETransformerParameters
        The trained parameters.

    Raises
    ------
    IndexError, ShapeError, DTypeError
        A sequence holds a token outside 0 … N_V−1, is empty or is
        longer than ell_max (A4): named by its index, before the
        first step. The same errors name a gradient that is not of
        θ's form.
    ValueError
        A number is out of its range.
    NotFiniteError
        A loss or its gradient is infinite or nan. The error names
        the step, and has θ as it was before: `error.theta`.

    Notes
    -----
    How to find a gradient the paper does not say (A13).

    Any token can be masked, and it may be that none is (A10).

    Source: Phuong & Hutter 2022, Algorithm 12.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     ETransformerParameters, np.random.default_rng(0),
    ...     N_V=7, ell_max=4, L=1, H=1, d_e=2, d_mlp=3, d_attn=2,
    ...     d_mid=2, d_f=2,
    ... )
    >>> theta_hat = ETraining(
    ...     [np.array([5, 2, 6])], theta, N_epochs=1, eta=0.1,
    ...     p_mask=0.5, rng=np.random.default_rng(0), eps=1e-5,
    ... )
    >>> bool((theta_hat.W_u == theta.W_u).any())
    False
    """
    xp, N_data = namespace(theta.W_e), len(x)
    if mask_token is None:
        mask_token = reserved("ETraining", theta.W_e.shape[1], 3)
    for i in range(N_epochs):  # 12.1
        for n in range(N_data):  # 12.2
            x_n = as_index(x[n])
            tokens = namespace(x_n)
            ell = x_n.shape[0]  # 12.3
            draws = rng.random(ell) < p_mask  # 12.4-12.5
            hide = tokens.asarray(draws, device=device(x_n))  # 12.5
            x_tilde = tokens.where(hide, mask_token, x_n)  # 12.5
            masked = tokens.equal(x_tilde, mask_token)  # 12.7
            (T_tilde,) = tokens.nonzero(masked)  # 12.7

            def P(theta: ETransformerParameters[A]) -> A:
                return ETransformer(
                    x_tilde, theta, eps=eps, activation=activation
                )  # 12.8

            def loss(theta: ETransformerParameters[A]) -> A:
                p = entries(P(theta), x_n)  # 12.9
                p = xp.take(p, T_tilde, axis=0)  # 12.9
                return -xp.sum(xp.log(p))  # 12.9

            gradient = slope(
                "ETraining", value_and_gradient, loss, theta, i, n
            )  # 12.10
            theta = descend(theta, eta, gradient)  # 12.10
    return theta  # 12.13


@algorithm(
    13,
    requires=(
        "ell <= ell_max",
        "N_epochs >= 0",
        "eta > 0",
        "eps >= 0",
    ),
)
def DTraining(
    x: Annotated[
        Sequence[Annotated[Integer[Array, " ell"], Token]],
        Count("N_data"),
    ],
    theta: DTransformerParameters[A],
    *,
    N_epochs: int,
    eta: float,
    value_and_gradient: ValueAndGradient[
        DTransformerParameters[A], A
    ]
    | None = None,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
) -> DTransformerParameters[A]:
    """Train a model to guess the next token, sequence by sequence.

    Parameters
    ----------
    x : sequence of N_data integer arrays, (ell,)
        The data. Token IDs, 0 … N_V−1; lengths 1 … ell_max.
    theta : DTransformerParameters
        The initial parameters.
    N_epochs : int, at least 0
        How often all data are used.
    eta : float, greater than 0
        The learning rate.
    value_and_gradient : function of (loss, theta), optional
        Gives `loss(theta)` and its gradient, in the form of theta:
        `lambda f, w: jax.value_and_grad(f)(w)`, say. By default
        `algorithms.value_and_gradient`, for NumPy's arrays.
    eps, activation
        As in `DTransformer`.

    Returns
    -------
    theta_hat : DTransformerParameters
        The trained parameters.

    Raises
    ------
    IndexError, ShapeError, DTypeError
        A sequence holds a token outside 0 … N_V−1, is empty or is
        longer than ell_max (A4): named by its index, before the
        first step. The same errors name a gradient that is not of
        θ's form.
    ValueError
        A number is out of its range.
    NotFiniteError
        A loss or its gradient is infinite or nan. The error names
        the step, and has θ as it was before: `error.theta`.

    Notes
    -----
    How to find a gradient the paper does not say (A13).

    The loss is a sum over tokens (A8) but the first (A9).

    Source: Phuong & Hutter 2022, Algorithm 13.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=7, ell_max=4, L=1, H=1, d_e=2, d_mlp=3, d_attn=2,
    ...     d_mid=2,
    ... )
    >>> theta_hat = DTraining(
    ...     [np.array([5, 2, 6])], theta, N_epochs=1, eta=0.1,
    ...     eps=1e-5,
    ... )
    >>> bool((theta_hat.W_u == theta.W_u).any())
    False
    """
    xp, N_data = namespace(theta.W_e), len(x)
    for i in range(N_epochs):  # 13.1
        for n in range(N_data):  # 13.2
            x_n = x[n]
            ell = x_n.shape[0]  # 13.3

            def P(theta: DTransformerParameters[A]) -> A:
                return DTransformer(
                    x_n, theta, eps=eps, activation=activation
                )  # 13.4

            def loss(theta: DTransformerParameters[A]) -> A:
                p = entries(P(theta)[:, : ell - 1], x_n[1:])  # 13.5
                return -xp.sum(xp.log(p))  # 13.5

            gradient = slope(
                "DTraining", value_and_gradient, loss, theta, i, n
            )  # 13.6
            theta = descend(theta, eta, gradient)  # 13.6
    return theta  # 13.9


def slope(
    function: str,
    value_and_gradient: ValueAndGradient[Theta, A] | None,
    loss: Callable[[Theta], A],
    theta: Theta,
    i: int,
    n: int | None = None,
) -> Theta:
    """`∇loss(θ)`, in the form of θ: of epoch i and sequence n.

    Of step i, where there are no epochs.
    """
    # Not all who import us train.
    from algorithms.signatures.annotations import read
    from algorithms.signatures.check import Check

    check, form = Check(function), read(type(theta))
    check.check(form, theta, "theta", True)
    if value_and_gradient is None:
        name, _ = check.shared["library"]
        if name != "numpy":
            check.refuse(
                DTypeError,
                f"theta holds arrays of {name}: give "
                "value_and_gradient, for ours is for NumPy's",
            )
        from algorithms.gradients import reverse_sweep

        value_and_gradient = reverse_sweep.value_and_gradient
    result = value_and_gradient(loss, theta)
    if not isinstance(result, tuple) or len(result) != 2:
        check.refuse(
            DTypeError,
            "value_and_gradient gives no pair, want the loss and "
            "its gradient",
        )
    value, gradient = result
    check.check(form, gradient, "gradient", True)
    place = f"step i={i}"
    if n is not None:
        place = f"epoch i={i}, sequence n={n}"
    require_finite(function, value, gradient, place, theta)
    return gradient


def require_finite(
    function: str, value: Any, gradient: Any, place: str, theta: Any
) -> None:
    """Stop where a loss or its gradient is infinite or nan.

    The error says at which `place`, and holds θ as it was before.
    """
    lost = number(value)
    if lost is not None and not math.isfinite(lost):
        raise NotFiniteError(
            f"{function}: the loss is {lost} in {place}", theta
        )
    for path, array in named_arrays(gradient, "gradient"):
        xp = namespace(array)
        if not xp.all(xp.isfinite(array)):
            raise NotFiniteError(
                f"{function}: {path} is not finite in {place}",
                theta,
            )


def descend(theta: Theta, eta: float, gradient: Theta) -> Theta:
    """`θ − η · ∇loss(θ)`, array by array."""
    return tree_map(lambda w, g: w - eta * g, theta, gradient)
