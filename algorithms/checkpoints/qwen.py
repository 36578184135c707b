"""Qwen2 and Qwen3 (Yang et al. 2024): Algorithm X1, departures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from algorithms.checkpoints.decoder_departures import J1, J3, J4, J5
from algorithms.checkpoints.llama import read_theta, refuse_unread
from algorithms.checkpoints.state import State
from algorithms.extensions.gated import SwiGLU
from algorithms.extensions.grouped_queries import stack
from algorithms.extensions.llama import LlamaParameters
from algorithms.extensions.normalization import rms_norm
from algorithms.extensions.rotary import rotate
from algorithms.extensions.rotary_attention import (
    RotaryAttentionParameters,
)
from algorithms.extensions.scaled_dot_product import attend
from algorithms.paper.attention import gathered, per_head
from algorithms.paper.embedding import Token, token_embedding
from algorithms.paper.notation import unidirectional_mask
from algorithms.paper.unembedding import unembedding
from algorithms.signatures.arrays import A, A_co, Array, arange
from algorithms.signatures.class_docstrings import document_fields
from algorithms.signatures.declarations import Count
from algorithms.signatures.decorator import checked
from algorithms.signatures.trees import B, Map, map_each

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Integer

QWEN_DEPARTURES = (J1, J3, J4, J5)


@document_fields
class QwenLayer(NamedTuple, Generic[A_co]):
    """What Qwen adds to a layer: None leaves it out."""

    b_q: Float[A_co, "H_kv R d_attn"] | None = None
    b_k: Float[A_co, "H_kv d_attn"] | None = None
    b_v: Float[A_co, "H_kv d_mid"] | None = None
    b_o: Float[A_co, " d_e"] | None = None
    gamma_q: Float[A_co, " d_attn"] | None = None
    gamma_k: Float[A_co, " d_attn"] | None = None

    def map(self, f: Map[A_co, B], /) -> QwenLayer[B]:
        """The same with `f` of each array."""
        return QwenLayer(*map_each(f, self))


@document_fields
class QwenParameters(NamedTuple, Generic[A_co]):
    """θ of Algorithm X1, and what Qwen adds to each layer."""

    theta: LlamaParameters[A_co]
    additions: Annotated[tuple[QwenLayer[A_co], ...], Count("L")]

    def map(self, f: Map[A_co, B], /) -> QwenParameters[B]:
        """The same with `f` of each array."""
        return QwenParameters(*map_each(f, self))


@checked(requires=("2 * d_rot <= d_attn", "eps >= 0"))
def Qwen(
    x: Annotated[Integer[Array, "*batch ell"], Token],
    parameters: QwenParameters[A],
    omega: Float[A, " d_rot"],
    *,
    eps: float = 1e-6,  # J1
    attention: Callable[..., A] = attend,
) -> Float[A, "*batch N_V ell"]:
    """`Llama` as Qwen2, Qwen2.5 and Qwen3 run it.

    Parameters
    ----------
    x : integer of any type, (*batch, ell)
        Token IDs, 0 … N_V−1; at least one.
    parameters : QwenParameters
        θ, and what Qwen adds to it: offsets in Qwen2 (J4), norms
        in Qwen3 (J5). Each is added by itself.
    omega : float, (d_rot,)
        `rotary_frequencies` of 1000000 with d_rot = d_attn/2.
    eps : float, at least 0
        Departure J1.
    attention : function with the signature of `attend`
        Algorithm C1, or one that gives the same otherwise:
        `block_attend`, `online_attend`.

    Returns
    -------
    P : float, (*batch, N_V, ell)
        Column t: the distribution of token t+1 given tokens 0 … t.

    Raises
    ------
    IndexError, ShapeError, DTypeError, ValueError
        As `Llama`.

    Notes
    -----
    Algorithm X1 line by line; the statements tagged J4 and J5 are
    Qwen's. Without them, P is `Llama`'s, bit for bit.

    Sources: Yang et al. 2024, *Qwen2 Technical Report*; 2025,
    *Qwen3 Technical Report*. Not the models with experts.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import initialise
    >>> from algorithms.extensions import Llama, LlamaParameters
    >>> theta = initialise(
    ...     LlamaParameters, np.random.default_rng(0),
    ...     N_V=11, L=2, H_kv=2, R=3, d_e=6, d_mlp=16,
    ...     d_attn=4, d_mid=4,
    ... )
    >>> x, omega = np.array([10, 3, 1, 4]), np.array([1.0, 0.01])
    >>> bare = QwenParameters(theta, (QwenLayer(), QwenLayer()))
    >>> P = Qwen(x, bare, omega, eps=0.0)
    >>> bool((P == Llama(x, theta, omega)).all())
    True
    """
    (W_e, layers, gamma, W_u), additions = parameters
    X = token_embedding(x, W_e)  # X1.1-X1.3
    for layer, added in zip(layers, additions, strict=True):  # X1.4
        W, gamma1, gamma2, W_mlp = layer
        X_tilde = rms_norm(X, gamma1, eps=eps)  # X1.5
        Mask = unidirectional_mask(X)  # X1.6
        X = X + _attention(
            X_tilde, W, added, Mask, omega, eps, attention
        )  # X1.6
        X_tilde = rms_norm(X, gamma2, eps=eps)  # X1.7
        X = X + SwiGLU(X_tilde, W_mlp)  # X1.8
    X = rms_norm(X, gamma, eps=eps)  # X1.10
    return unembedding(X, W_u)  # X1.11


def _attention(
    X: Float[A, "*batch d_e ell"],
    W: RotaryAttentionParameters[A],
    added: QwenLayer[A],
    Mask: Bool[Array, "ell ell"],
    omega: Float[A, " d_rot"],
    eps: float,
    attention: Callable[..., A],
) -> Float[A, "*batch d_e ell"]:
    t, X_g = arange(X.shape[-1], X), per_head(X)
    b_q, b_k, b_v, b_o, gamma_q, gamma_k = added
    K = W.W_k @ X_g  # H4.2
    V = W.W_v @ X_g  # H4.4
    Q = W.W_g.W_q @ per_head(X_g)  # H3.2
    if b_q is not None:
        Q = Q + b_q[..., None]  # J4
    if b_k is not None:
        K = K + b_k[..., None]  # J4
    if b_v is not None:
        V = V + b_v[..., None]  # J4
    if gamma_q is not None:
        Q = rms_norm(Q, gamma_q, eps=eps)  # J5
    if gamma_k is not None:
        K = rms_norm(K, gamma_k, eps=eps)  # J5
    Q, K = rotate(Q, t, omega), rotate(K, t, omega)  # H3.3, H4.3
    Y_h = gathered(
        attention, Q, per_head(K), per_head(V), Mask
    )  # H3.4
    Y = stack(stack(Y_h))  # H3.5, H4.6
    Y = W.W_o @ Y  # H4.7
    if b_o is not None:
        Y = Y + b_o[:, None]  # J4
    return Y


def qwen_parameters(
    arrays: Mapping[str, A], *, H: int
) -> QwenParameters[A]:
    """θ of Algorithm X1 and Qwen's own from the arrays of a Qwen.

    Parameters
    ----------
    arrays : mapping of names to arrays
        As Hugging Face's `Qwen2ForCausalLM` or `Qwen3ForCausalLM`
        names and stores them: `safetensors.numpy.load_file(…)`, of
        all files together. Also a `LlamaForCausalLM` with offsets.
    H : int
        The number of heads of queries, `num_attention_heads`.

    Returns
    -------
    parameters : QwenParameters
        In the library of the arrays. Offsets and norms where the
        file has them. W_u is W_e transposed (J3) where the file has
        none of its own.

    Raises
    ------
    KeyError
        An array is missing: the error names it.
    ValueError
        The rows of a matrix do not make so many heads, or θ has no
        place for an array of the model: the error names it.

    Examples
    --------
    >>> import numpy as np
    >>> layer = "model.layers.0"
    >>> shapes = {
    ...     "model.embed_tokens.weight": (9, 6),
    ...     "model.norm.weight": 6,
    ...     f"{layer}.self_attn.q_proj.weight": (16, 6),
    ...     f"{layer}.self_attn.k_proj.weight": (8, 6),
    ...     f"{layer}.self_attn.v_proj.weight": (8, 6),
    ...     f"{layer}.self_attn.q_proj.bias": 16,
    ...     f"{layer}.self_attn.k_proj.bias": 8,
    ...     f"{layer}.self_attn.v_proj.bias": 8,
    ...     f"{layer}.self_attn.o_proj.weight": (6, 16),
    ...     f"{layer}.input_layernorm.weight": 6,
    ...     f"{layer}.post_attention_layernorm.weight": 6,
    ...     f"{layer}.mlp.gate_proj.weight": (15, 6),
    ...     f"{layer}.mlp.up_proj.weight": (15, 6),
    ...     f"{layer}.mlp.down_proj.weight": (6, 15),
    ... }
    >>> rng = np.random.default_rng(0)
    >>> arrays = {k: rng.random(n) for k, n in shapes.items()}
    >>> parameters = qwen_parameters(arrays, H=4)
    >>> omega = np.array([1.0, 0.01])
    >>> Qwen(np.array([8, 0, 3]), parameters, omega).shape
    (9, 3)
    """
    file = State("qwen_parameters", arrays)
    model = file.find("model.", "embed_tokens.weight")
    theta = read_theta(file, H)
    additions = (
        _additions(model.under(f"layers.{l}.self_attn"), H)
        for l in range(len(theta.layers))
    )
    parameters = QwenParameters(theta, tuple(additions))
    refuse_unread(file)
    return parameters


def _additions(state: State[A], H: int) -> QwenLayer[A]:
    added: QwenLayer[A] = QwenLayer()
    if "q_proj.bias" in state:
        added = QwenLayer(*state.groups("bias", H))
    if "o_proj.bias" in state:
        added = added._replace(b_o=state["o_proj.bias"])
    if "q_norm.weight" in state:
        added = added._replace(
            gamma_q=state["q_norm.weight"],
            gamma_k=state["k_norm.weight"],
        )
    return added
