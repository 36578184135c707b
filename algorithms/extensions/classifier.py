"""Algorithm X6: the encoder with a head for classes (BERT)."""

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
    bidirectional_mask,
    softmax,
)
from algorithms.paper.parameters import Layer
from algorithms.signatures.arrays import (
    A,
    A_co,
    Array,
    arange,
    namespace,
)
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count, RightPadding
from algorithms.signatures.decorator import algorithm
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@document_fields
class EClassifierParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X6."""

    W_e: Float[A_co, "d_e N_V"]
    W_p: Float[A_co, "d_e ell_max"]
    layers: Annotated[tuple[Layer[A_co], ...], Count("L")]
    W_f: Float[A_co, "d_f d_e"]
    b_f: Float[A_co, " d_f"]
    W_c: Float[A_co, "N_C d_f"]
    b_c: Float[A_co, " N_C"]

    def map(self, f: Map[A_co, B], /) -> EClassifierParameters[B]:
        """The same with `f` of each array."""
        return EClassifierParameters(*map_each(f, self))


@algorithm("X6", requires=("ell <= ell_max", "eps >= 0"))
def EClassifier(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: EClassifierParameters[A],
    *,
    eps: float = 0.0,
    activation: Callable[[A], A] = GELU,
    attention: Callable[..., A] = Attention,
    padding: Annotated[Bool[Array, "*batch ell"], RightPadding]
    | None = None,
) -> Float[A, "*batch N_C"]:
    """How probable it is that a sequence is of each class.

    The body of Algorithm 9, and a head on the first token.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; 1 ≤ ell ≤ ell_max.
    theta : EClassifierParameters
        All parameters; every size is read off their shapes.
    eps, activation, attention, padding
        As in `ETransformer`.

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
        eps is negative, or rounds to 0 in the type of θ. Padding
        stands left of a token.

    Notes
    -----
    The paper announces a head for classes and gives none (E8). This
    is that of BERT's published code: its pooler, W_f with tanh and
    an offset, reads the first token alone. BERT's paper has neither
    the tanh nor the offsets.

    Source: Devlin et al. 2019, "BERT: Pre-training of Deep
    Bidirectional Transformers for Language Understanding", section
    4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> theta = initialise(
    ...     EClassifierParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2, d_f=5, N_C=3,
    ... )
    >>> EClassifier(np.array([9, 3, 8, 4, 10]), theta).shape
    (3,)
    """
    W_e, W_p, layers, W_f, b_f, W_c, b_c = theta
    xp = namespace(W_e)
    ell = x.shape[-1]  # X6.1
    t = arange(ell, x)
    X = token_embedding(x, W_e)  # X6.2
    X = X + positional_embedding(t, W_p)  # X6.2-X6.3; e_t = X
    for layer in layers:  # X6.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        Mask = bidirectional_mask(X, X, padding)  # X6.5
        X = X + MHAttention(
            X, X, W, Mask, attention=attention
        )  # X6.5
        X = layer_norm(X, gamma1, beta1, eps=eps)  # X6.6
        hidden = activation(W_mlp1 @ X + b_mlp1[:, None])  # X6.7
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # X6.7
        X = layer_norm(X, gamma2, beta2, eps=eps)  # X6.8
    e = xp.tanh(W_f @ X[..., :1] + b_f[:, None])  # X6.10
    return softmax(W_c @ e + b_c[:, None])[..., 0]  # X6.11
