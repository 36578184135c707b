"""Algorithm ∇6: the pullback of layer normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algorithms.gradients.broadcasting import summed_like
from algorithms.signatures.arrays import A, namespace
from algorithms.signatures.decorator import algorithm

if TYPE_CHECKING:
    from jaxtyping import Float


@algorithm("∇6", requires=("eps >= 0",))
def layer_norm_pullback(
    E: Float[A, "*batch d_e ell"],
    R_bar: Float[A, "*batch d_e ell"],
    gamma: Float[A, " d_e"],
    beta: Float[A, " d_e"],
    *,
    eps: float = 0.0,
) -> tuple[
    Float[A, "*batch d_e ell"], Float[A, " d_e"], Float[A, " d_e"]
]:
    """What a loss owes to the arguments of `layer_norm`.

    Parameters
    ----------
    E : float, (*batch, d_e, ell)
        The activations, a token a column.
    R_bar : float, (*batch, d_e, ell)
        What the loss owes to the result: the slope of the loss
        along each entry.
    gamma, beta : float, (d_e,)
        The scale and the offset of each row.
    eps : float, at least 0
        Added to the variance, as in `layer_norm` (erratum A1).

    Returns
    -------
    E_bar : float, (*batch, d_e, ell)
        What it owes to E. Each column sums to 0.
    gamma_bar, beta_bar : float, (d_e,)
        What it owes to gamma and to beta: sums over all tokens of
        all sequences.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        eps is negative, or above 0 and yet 0 in the type of E.

    Notes
    -----
    With eps = 0 a constant column is 0/0, as in `layer_norm`.

    Source: the chain rule, applied to Phuong & Hutter 2022,
    Algorithm 6, from its last line to its first.

    Examples
    --------
    >>> import numpy as np
    >>> E = np.array([[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]])
    >>> R_bar, ones = np.eye(3)[:, :2], np.ones(3)
    >>> E_bar, _, beta_bar = layer_norm_pullback(
    ...     E, R_bar, ones, 0 * ones
    ... )
    >>> beta_bar
    array([1., 1., 0.])
    >>> np.allclose(E_bar.sum(axis=0), 0)
    True
    """
    xp, d_e = namespace(E), E.shape[-2]
    m_t = xp.mean(E, axis=-2)  # ∇6.1
    N = E - m_t[..., None, :]
    s_t = xp.sqrt(xp.sum(N * N, axis=-2) / d_e + eps)  # ∇6.2
    N = N / s_t[..., None, :]  # ∇6.3
    N_bar = R_bar * gamma[:, None]  # ∇6.4
    along_1 = xp.mean(N_bar, axis=-2, keepdims=True)
    along_N = xp.mean(N * N_bar, axis=-2, keepdims=True)
    E_bar = N_bar - along_1 - N * along_N
    E_bar = E_bar / s_t[..., None, :]  # ∇6.5
    gamma_bar = xp.sum(R_bar * N, axis=-1)  # ∇6.6
    beta_bar = xp.sum(R_bar, axis=-1)  # ∇6.6
    return (
        E_bar,
        summed_like(gamma, gamma_bar),
        summed_like(beta, beta_bar),
    )  # ∇6.6
