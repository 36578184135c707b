"""Functions of torch and JAX: attention as Algorithms 4 and 5, layer norm as Algorithm 6.

Neither library is imported here: the functions bring their own.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from spec.adapters.array_libraries import Library, computing, converted
from spec.inputs.arguments import Adapter, Arguments, Function, Sizes

Array = Any  # of the library


def torch_attention(_: Function) -> Adapter:
    """Return the adapter of `scaled_dot_product_attention`: lines 4.4–4.6, in 5 for all heads."""
    call = partial(_attention, "torch", _call_torch)
    return Adapter("torch.nn.functional.scaled_dot_product_attention", call)


def jax_attention(_: Function) -> Adapter:
    """Return the adapter of `jax.nn.dot_product_attention` as lines 4.4–4.6."""
    return _of_jax("d_out")


def jax_heads(_: Function) -> Adapter:
    """Return the adapter of `jax.nn.dot_product_attention` as line 5.2, without 4.1–4.3."""
    return _of_jax("d_mid")


def _of_jax(value_size: str) -> Adapter:
    """Return the adapter of a function whose values are as long as its queries and keys.

    A masked score is a large finite number in place of −∞, so that a token that may attend to
    nothing attends to everything alike. The softmax computes in float32 whatever its arguments
    are, so float64 is not one of the formats.
    """

    def sizes(asked: Sizes) -> Sizes:
        return {**asked, value_size: asked["d_attn"]}

    return Adapter(
        "jax.nn.dot_product_attention",
        partial(_attention, "jax", _call_jax),
        sizes,
        departures=("mask-finite",),
        formats=("float32", "float16", "bfloat16"),
    )


def torch_norm(_: Function) -> Adapter:
    """Return the adapter of `layer_norm`."""

    def call(function: Function, arguments: Arguments) -> Array:
        e, gamma, beta = converted("torch", (arguments.e, arguments.gamma, arguments.beta))
        return function(e.mT, gamma.shape, gamma, beta, arguments.eps).mT

    return Adapter("torch.nn.functional.layer_norm", call)


def _attention(
    library: Library, attend: Callable[..., Array], function: Function, arguments: Arguments
) -> Array:
    """Compute lines 4.1–4.3, and let the function do the rest; then lines 5.3 and 5.4."""
    with computing(library, arguments.format.name):
        X, Z, Mask = converted(library, (arguments.X, arguments.Z, arguments.Mask))
        if "W" not in arguments.named:
            W = converted(library, arguments.W_qkv)
            single_head = type(W)(*(part[None] for part in W))
            return attend(function, *_projected(X, Z, single_head), Mask)[0]
        W = converted(library, arguments.W)
        Y = attend(function, *_projected(X, Z, W.W_qkv), Mask)
        return W.W_o @ Y.reshape(-1, Y.shape[-1]) + W.b_o[:, None]


def _projected(X: Array, Z: Array, W: Any) -> tuple[Array, Array, Array]:
    """Return queries, keys and values of each head, a column for each token: lines 4.1–4.3."""
    Q = W.W_q @ X + W.b_q[..., None]
    K = W.W_k @ Z + W.b_k[..., None]
    V = W.W_v @ Z + W.b_v[..., None]
    return Q, K, V


def _call_torch(function: Function, Q: Array, K: Array, V: Array, Mask: Array) -> Array:
    return function(Q.mT, K.mT, V.mT, attn_mask=Mask.mT).mT


def _call_jax(function: Function, Q: Array, K: Array, V: Array, Mask: Array) -> Array:
    by_token = (part.transpose(2, 0, 1) for part in (Q, K, V))
    return function(*by_token, mask=Mask.mT[None]).transpose(1, 2, 0)
