"""Algorithm F3: a mixture of hidden layers, or experts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.gated import GatedParameters, SwiGLU
from algorithms.paper.notation import softmax
from algorithms.signatures.arrays import A, A_co, namespace
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Float


@document_fields
class Expert(NamedTuple, Generic[A_co]):
    """One of the layers of Algorithm F3."""

    W: GatedParameters[A_co]

    def map(self, f: Map[A_co, B], /) -> Expert[B]:
        """The same with `f` of each array."""
        return Expert(*map_each(f, self))


@document_fields
class MixtureParameters(NamedTuple, Generic[A_co]):
    """W of Algorithm F3: a router, and N_E layers."""

    W_r: Float[A_co, "N_E d_e"]
    experts: Annotated[tuple[Expert[A_co], ...], Count("N_E")]

    def map(self, f: Map[A_co, B], /) -> MixtureParameters[B]:
        """The same with `f` of each array."""
        return MixtureParameters(*map_each(f, self))


@algorithm("F3", requires=("1 <= k", "k <= N_E"))
def Mixture(
    X: Float[A, "*batch d_e ell"],
    W: MixtureParameters[A],
    *,
    k: int,
) -> Float[A, "*batch d_e ell"]:
    """Hidden layers, of which a token goes through the best k.

    Parameters
    ----------
    X : float, (*batch, d_e, ell)
        A token a column.
    W : MixtureParameters
        W_r, a row for each layer, says how well it suits a token.
    k : int, 1 … N_E
        How many layers a token goes through.

    Returns
    -------
    Y : float, (*batch, d_e, ell)
        For each token the mean of what its k layers give, by their
        probabilities, which are made to sum to 1 again.

    Raises
    ------
    ShapeError, DTypeError
        An argument is not what the signature says.
    ValueError
        k is out of its range.

    Notes
    -----
    Every layer is computed of every token, and most of it is then
    multiplied by 0: so no shape depends on a number. Code for large
    models computes of each token its k layers alone.

    Layers that suit a token equally stay or go together, so there
    may be more than k: the result depends on X alone. The topk of
    torch, and Mixtral in transformers with it, cuts through them.
    An activation that is nan or ∞ in any layer reaches the result.

    Source: Shazeer et al. 2017, "Outrageously Large Neural
    Networks: The Sparsely-Gated Mixture-of-Experts Layer"; Jiang et
    al. 2024, "Mixtral of Experts", section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> W = initialise(
    ...     MixtureParameters, np.random.default_rng(0),
    ...     N_E=3, d_e=2, d_mlp=4,
    ... )
    >>> X = np.array([[-1.0], [2.0]])
    >>> best = W.experts[int(np.argmax(W.W_r @ X))]
    >>> (Mixture(X, W, k=1) == SwiGLU(X, best.W)).all().item()
    True
    """
    xp = namespace(X)
    P = softmax(W.W_r @ X)  # F3.1
    A = P  # F3.2
    A = xp.where(rank(P) >= k, 0.0, A)  # F3.3
    A = A / xp.sum(A, axis=-2, keepdims=True)  # F3.4
    Y = xp.zeros_like(X)  # F3.5
    for i, expert in enumerate(W.experts):  # F3.6
        U = SwiGLU(X, expert.W)  # F3.7
        Y = Y + A[..., i : i + 1, :] * U  # F3.8
    return Y  # F3.9


def rank(P: A) -> A:
    """How many entries of its column are larger than each."""
    xp = namespace(P)
    larger = P[..., None, :, :] > P[..., :, None, :]
    return xp.sum(xp.astype(larger, P.dtype), axis=-2)
