"""Algorithm 10 with rotary positions: GPT-J and GPT-NeoX."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.extensions.grouped_queries import stack
from algorithms.paper.attention import gathered, per_head
from algorithms.paper.embedding import Token, token_embedding
from algorithms.paper.normalization import layer_norm
from algorithms.paper.notation import softmax, unidirectional_mask
from algorithms.paper.parameters import Layer, MHAttentionParameters
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer


@document_fields
class RotaryDecoderParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm 10 without W_p, and b_u: None omits it."""

    W_e: Float[A_co, "d_e N_V"]
    layers: Annotated[tuple[Layer[A_co], ...], Count("L")]
    gamma: Float[A_co, " d_e"]
    beta: Float[A_co, " d_e"]
    W_u: Float[A_co, "N_V d_e"]
    b_u: Float[A_co, " N_V"] | None = None

    def map(self, f: Map[A_co, B], /) -> RotaryDecoderParameters[B]:
        """The same with `f` of each array."""
        return RotaryDecoderParameters(*map_each(f, self))


def rotary_decoder(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    theta: RotaryDecoderParameters[A],
    turn: Callable[[A, Array], A],
    *,
    eps: float,
    activation: Callable[[A], A],
    attention: Callable[..., A],
    parallel: bool,
) -> Float[A, "*batch N_V ell"]:
    """Algorithm 10 whose queries and keys turn with position."""
    W_e, layers, gamma, beta, W_u, b_u = theta
    X = token_embedding(x, W_e)  # 10.1-10.3
    for layer in layers:  # 10.4
        W, gamma1, beta1, gamma2, beta2, *mlp = layer
        W_mlp1, b_mlp1, W_mlp2, b_mlp2 = mlp
        X_tilde = layer_norm(X, gamma1, beta1, eps=eps)  # 10.5
        Mask = unidirectional_mask(X)  # 10.6
        before = X
        X = X + _attention(
            X_tilde, W, Mask, turn, attention
        )  # 10.6
        Y = before if parallel else X  # J7
        X_tilde = layer_norm(Y, gamma2, beta2, eps=eps)  # 10.7
        hidden = activation(
            W_mlp1 @ X_tilde + b_mlp1[:, None]
        )  # 10.8
        X = X + W_mlp2 @ hidden + b_mlp2[:, None]  # 10.8
    X = layer_norm(X, gamma, beta, eps=eps)  # 10.10
    S = W_u @ X  # 10.11
    if b_u is not None:
        S = S + b_u[:, None]  # J10
    return softmax(S)  # 10.11


def _attention(
    X: Float[A, "*batch d_e ell"],
    W: MHAttentionParameters[A],
    Mask: Bool[Array, "ell ell"],
    turn: Callable[[A, Array], A],
    attention: Callable[..., A],
) -> Float[A, "*batch d_e ell"]:
    (W_q, b_q, W_k, b_k, W_v, b_v), W_o, b_o = W
    t, X_h = arange(X.shape[-1], X), per_head(X)
    Q = W_q @ X_h + b_q[..., None]  # 4.1
    K = W_k @ X_h + b_k[..., None]  # 4.2
    V = W_v @ X_h + b_v[..., None]  # 4.3
    Q, K = turn(Q, t), turn(K, t)  # J8
    Y_h = gathered(attention, Q, K, V, Mask)  # 4.4-4.6, 5.1-5.2
    Y = stack(Y_h)  # 5.3
    return W_o @ Y + b_o[:, None]  # 5.4
