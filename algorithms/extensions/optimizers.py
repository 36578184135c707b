"""Algorithms O1 to O3: a step of the parameters by a gradient.

Each is a pure function, of an array or of any record of arrays, and
of what it has to remember, which begins as zeros:

    zeros = tree_map(np.zeros_like, theta)
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from algorithms.signatures.arrays import namespace
from algorithms.signatures.declarations import AllEntries
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import named_arrays, tree_map

Theta = TypeVar("Theta")


@algorithm("O1", requires=("eta > 0", "mu > 0"))
def momentum(
    theta: Annotated[Theta, AllEntries("d")],
    g: Annotated[Theta, AllEntries("d")],
    m: Annotated[Theta, AllEntries("d")],
    *,
    eta: float,
    mu: float = 0.9,
) -> tuple[
    Annotated[Theta, AllEntries("d")],
    Annotated[Theta, AllEntries("d")],
]:
    """A step along what is left of all gradients so far.

    Parameters
    ----------
    theta : array, or a record of arrays
        The parameters.
    g : as theta
        Their gradient.
    m : as theta
        The momentum; zeros before the first step.
    eta : float, greater than 0
        The learning rate.
    mu : float, greater than 0
        How much of the momentum a step leaves.

    Returns
    -------
    theta, m : as theta
        The parameters and the momentum after the step.

    Raises
    ------
    ShapeError, DTypeError
        theta, g and m have not the same arrays.
    ValueError
        A number is out of its range.

    Notes
    -----
    torch.optim.SGD has the same numbers.

    Source: Polyak 1964, "Some methods of speeding up the
    convergence of iteration methods", the heavy ball.

    Examples
    --------
    >>> import numpy as np
    >>> theta, g, m = np.array([[1.0], [2.0], [4.0]])
    >>> momentum(theta, g, m, eta=0.5, mu=0.25)
    (array([-0.5]), array([3.]))
    """
    m = tree_map(lambda m, g: mu * m + g, m, g)  # O1.1
    theta = tree_map(lambda w, m: w - eta * m, theta, m)  # O1.2
    return theta, m  # O1.3


@algorithm(
    "O2",
    requires=(
        "1 <= i",
        "eta > 0",
        "0 < beta_m < 1",
        "0 < beta_v < 1",
        "eps > 0",
    ),
)
def AdamW(
    theta: Annotated[Theta, AllEntries("d")],
    g: Annotated[Theta, AllEntries("d")],
    m: Annotated[Theta, AllEntries("d")],
    v: Annotated[Theta, AllEntries("d")],
    i: int,
    *,
    eta: float,
    beta_m: float = 0.9,
    beta_v: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.0,
) -> tuple[
    Annotated[Theta, AllEntries("d")],
    Annotated[Theta, AllEntries("d")],
    Annotated[Theta, AllEntries("d")],
]:
    """A step of Adam, each entry at a pace of its own.

    Parameters
    ----------
    theta : array, or a record of arrays
        The parameters.
    g : as theta
        Their gradient.
    m, v : as theta
        Running means of g and of its square; zeros before the
        first step.
    i : int, at least 1
        The number of the step.
    eta : float, greater than 0
        The learning rate.
    beta_m, beta_v : float, in (0, 1)
        How much of m and of v a step leaves.
    eps : float, greater than 0
        Added to the root of v.
    decay : float
        The weight decay λ: a step shortens θ by a part eta · decay,
        apart from the gradient. With 0 this is Adam.

    Returns
    -------
    theta, m, v : as theta
        The parameters and the running means after the step.

    Raises
    ------
    ShapeError, DTypeError
        theta, g, m and v have not the same arrays.
    ValueError
        A number is out of its range; eps rounds to 0 in the type of
        θ, as 1e-8 does in float16.

    Notes
    -----
    torch.optim.AdamW and Adam have the same numbers.

    Source: Kingma & Ba 2015, "Adam", Algorithm 1; Loshchilov &
    Hutter 2019, "Decoupled Weight Decay Regularization",
    Algorithm 2, with the learning rate in place of their η α.

    Examples
    --------
    >>> import numpy as np
    >>> theta, g, zeros = np.array([[1.0], [-8.0], [0.0]])
    >>> theta, m, v = AdamW(theta, g, zeros, zeros, 1, eta=0.25)
    >>> theta.round(6), m.round(6), v.round(6)
    (array([1.25]), array([-0.8]), array([0.064]))
    """
    m = tree_map(
        lambda m, g: beta_m * m + (1 - beta_m) * g, m, g
    )  # O2.1
    v = tree_map(
        lambda v, g: beta_v * v + (1 - beta_v) * (g * g), v, g
    )  # O2.2
    m_hat = tree_map(lambda m: m / (1 - beta_m**i), m)  # O2.3
    v_hat = tree_map(lambda v: v / (1 - beta_v**i), v)  # O2.4
    theta = tree_map(
        lambda w, m, v: (
            w
            - eta * decay * w
            - eta * m / (namespace(v).sqrt(v) + eps)
        ),
        theta,
        m_hat,
        v_hat,
    )  # O2.5
    return theta, m, v  # O2.6


@algorithm("O3", requires=("c > 0",))
def clip(
    g: Annotated[Theta, AllEntries("d")], *, c: float
) -> Annotated[Theta, AllEntries("d")]:
    """A gradient longer than c is cut to length c.

    Parameters
    ----------
    g : array, or a record of arrays
        A gradient. Its length is that of all entries in one vector.
    c : float, greater than 0
        The length that it is to have at most.

    Returns
    -------
    g_hat : as g
        A gradient of the same direction.

    Raises
    ------
    DTypeError
        An array is not of floats, or they are not of one type.
    ValueError
        c is not above 0.

    Notes
    -----
    A gradient of length 0 stays 0: nothing is divided by its
    length. `torch.nn.utils.clip_grad_norm_` divides by length and
    1e-6: it cuts a little shorter, by a part 1e-6 / length, and
    gradients too that are shorter than c by less than 1e-6.

    Source: Pascanu, Mikolov & Bengio 2013, "On the difficulty of
    training recurrent neural networks", Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> clip(np.array([3.0, -4.0]), c=2.5)
    array([ 1.5, -2. ])
    >>> clip(np.array([3.0, -4.0]), c=10.0)
    array([ 3., -4.])
    """
    arrays = [w for _, w in named_arrays(g, "g")]
    xp = namespace(arrays[0])
    square = sum(xp.sum(X * X) for X in arrays)  # O3.1
    length = xp.sqrt(square)  # O3.1
    length = xp.where(length > c, length, c)  # O3.1
    return tree_map(lambda w: c / length * w, g)  # O3.1
