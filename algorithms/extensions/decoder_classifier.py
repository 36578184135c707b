"""Algorithm X10: the decoder with a head for classes (GPT)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.paper.attention import Attention, MHAttention
from algorithms.paper.embedding import (
    Token,
    positional_embedding,
    token_embedding,
)
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import (
    GELU,
    softmax,
    unidirectional_mask,
)
from algorithms.paper.parameters import Layer
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Float, Integer


@document_fields
class DClassifierParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X10."""

    W_e: Float[A_co, "d_e N_V"]
    W_p: Float[A_co, "d_e ell_max"]
    layers: Annotated[tuple[Layer[A_co], ...], Count("L")]
    gamma: Float[A_co, " d_e"]
    beta: Float[A_co, " d_e"]
    W_c: Float[A_co, "N_C d_e"]

    def map(self, f: Map[A_co, B], /) -> DClassifierParameters[B]:
        """The same with `f` of each array."""
        return DClassifierParameters(*map_each(f, self))


@algorithm("X10", requires=("ell <= ell_max", "eps >= 0"))
def DClassifier(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: DClassifierParameters[A],
    *,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
) -> Float[A, "*batch N_C"]:
    """How probable it is that a sequence is of each class.

    The body of Algorithm 10, and a head on the last token, which
    alone has seen all others.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max. The last asks for
        the class: it is the same one in each text.
    theta : DClassifierParameters
        All parameters; every size is read off their shapes.
    eps, activation, attention
        As in `DTransformer`.

    Returns
    -------
    p : float, (*batch, N_C)
        The probability of each class.

    Raises
    ------
    IndexError
        A token is outside 0 … N_V−1.
    ShapeError, DTypeError
        An argument is not what the signature says: also an empty
        sequence (A3) or one longer than ell_max (A4).
    ValueError
        eps is negative, or rounds to 0 in the type of θ.

    Notes
    -----
    All texts of a batch are equally long: what would fill one up
    would be read as its last token. GPT2ForSequenceClassification
    of transformers has this head, and returns scores. GPT-1, from
    which the head is, has its norms behind the sums.

    Source: Radford et al. 2018, "Improving Language Understanding
    by Generative Pre-Training", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     DClassifierParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2, N_C=3,
    ... )
    >>> DClassifier(np.array([9, 3, 8, 4, 10]), theta).shape
    (3,)
    """
    W_e, W_p, layers, gamma, beta, W_c = theta
    ell = x.shape[-1]  # X10.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # X10.2
    X = X + positional_embedding(t, W_p)  # X10.2-X10.3; e_t = X
    for layer in layers:  # X10.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # X10.5
        Mask = unidirectional_mask(X)  # X10.6
        X = X + MHAttention(
            X_tilde, X_tilde, W, Mask, attention=attention
        )  # X10.6
        X_tilde = layer_norm(X, gamma2, beta2, eps=eps)  # X10.7
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # X10.8
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # X10.8
    X = layer_norm(X, gamma, beta, eps=eps)  # X10.10
    return softmax(W_c @ X[..., -1:])[..., 0]  # X10.11
