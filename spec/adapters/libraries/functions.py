"""Functions of torch and JAX: attention as Algorithms 4, 5, C1 and H2, the norms as 6 and N1.

Neither library is imported here: the functions bring their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from spec.adapters.array_libraries import Library, converted
from spec.adapters.function_in_layout import layout
from spec.inputs.arguments import Adapter, Arguments, Function, Sizes

Array = Any  # of the library

#: Queries, keys and values are made of the sequences before a call.
READY: Mapping[str, Any] = {"qkv": "ready"}


def torch_attention(_: Function) -> Adapter:
    """Return the adapter of `scaled_dot_product_attention`: lines 4.4–4.6, in 5 for all heads."""
    return _adapter("torch.nn.functional.scaled_dot_product_attention", _by_torch, "torch", READY)


def torch_core(_: Function) -> Adapter:
    """Return the adapter of `scaled_dot_product_attention` as Algorithm C1."""
    return _adapter("torch.nn.functional.scaled_dot_product_attention", _by_torch, "torch", {})


def torch_groups(_: Function) -> Adapter:
    """Return the adapter of `scaled_dot_product_attention` with `enable_gqa` as Algorithm H2."""

    def attend(function: Function, Q: Array, K: Array, V: Array, Mask: Array) -> Array:
        return function(Q[None], K[None], V[None], attn_mask=Mask, enable_gqa=True)[0]

    return _adapter("torch.nn.functional.scaled_dot_product_attention", attend, "torch", READY)


def jax_attention(_: Function) -> Adapter:
    """Return the adapter of `jax.nn.dot_product_attention` as lines 4.4–4.6."""
    return _of_jax(_by_jax, "d_out", READY, "mask-finite")


def jax_core(_: Function) -> Adapter:
    """Return the adapter of `jax.nn.dot_product_attention` as Algorithm C1."""
    return _of_jax(_by_jax, "d_out", {}, "mask-finite-c1")


def jax_heads(_: Function) -> Adapter:
    """Return the adapter of `jax.nn.dot_product_attention` as line 5.2, without 4.1–4.3."""

    def attend(function: Function, Q: Array, K: Array, V: Array, Mask: Array) -> Array:
        return function(Q, K, V, mask=Mask[None])

    return _of_jax(attend, "d_mid", {**READY, "heads": "after tokens"}, "mask-finite")


def _by_torch(function: Function, Q: Array, K: Array, V: Array, Mask: Array) -> Array:
    return function(Q, K, V, attn_mask=Mask)


def _by_jax(function: Function, Q: Array, K: Array, V: Array, Mask: Array) -> Array:
    by_token = (part[:, None] for part in (Q, K, V))
    return function(*by_token, mask=Mask[None])[:, 0]


def _of_jax(
    attend: Callable[..., Array], value_size: str, options: Mapping[str, Any], departure: str
) -> Adapter:
    """Return the adapter of a function whose values are as long as its queries and keys.

    A masked score is a large finite number in place of −∞, so that a token that may attend to
    nothing attends to everything alike. The softmax computes in float32 whatever its arguments
    are, so float64 is not one of the formats.
    """

    def sizes(asked: Sizes) -> Sizes:
        return {**asked, value_size: asked["d_attn"]}

    return replace(
        _adapter("jax.nn.dot_product_attention", attend, "jax", options),
        sizes=sizes,
        departures=(departure,),
        formats=("float32", "float16", "bfloat16"),
    )


def _adapter(
    name: str, attend: Callable[..., Array], library: Library, options: Mapping[str, Any]
) -> Adapter:
    """Return the adapter of a function of queries, keys and values, which `attend` calls.

    They are those of Algorithm C1, or with the options `READY` made of other arguments.
    """
    form = layout(tokens="rows", library=library, **options)

    def call(function: Function, arguments: Arguments) -> Array:
        def called(Q: Array, K: Array, V: Array, Mask: Array) -> Array:
            return attend(function, Q, K, V, Mask)

        return form.call(called, arguments)

    return replace(form, name=name, call=call, values={})


def torch_rms_norm(_: Function) -> Adapter:
    """Return the adapter of `rms_norm`."""

    def call(function: Function, arguments: Arguments) -> Array:
        e, gamma = converted("torch", (arguments.e, arguments.gamma))
        return function(e.mT, gamma.shape, gamma, arguments.eps).mT

    return Adapter("torch.nn.functional.rms_norm", call)


def torch_norm(_: Function) -> Adapter:
    """Return the adapter of `layer_norm`."""

    def call(function: Function, arguments: Arguments) -> Array:
        e, gamma, beta = converted("torch", (arguments.e, arguments.gamma, arguments.beta))
        return function(e.mT, gamma.shape, gamma, beta, arguments.eps).mT

    return Adapter("torch.nn.functional.layer_norm", call)
