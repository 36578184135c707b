"""Layers of torch as whole models: Algorithms 8, 9 and 10.

The layers are torch's; embeddings, the last norm and the unembedding around them are the paper's
lines. One module is every layer in turn, with the weights of each.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from spec.adapters.array_libraries import converted
from spec.adapters.instance_sizes import divided, heads_of, of_instance
from spec.adapters.libraries.torch_modules import attention_weights, batch_axis
from spec.adapters.libraries.torch_weights import Weights, call_with, pair
from spec.adapters.restrictions import Restrictions
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Sizes
from spec.inputs.python_form import Record

#: The offsets of the lines around the layers.
AROUND = ("b_f", "beta")


def encoder(function: Any) -> Adapter:
    """Return the adapter of `TransformerEncoderLayer`.

    It is lines 9.5–9.8, or lines 10.5–10.8 if its norms come first.
    """
    return _adapter("torch.nn.TransformerEncoderLayer", function, _one_sequence)


def decoder(function: Any) -> Adapter:
    """Return the adapter of `TransformerDecoderLayer` as lines 8.14–8.19.

    The layers of the encoder are torch's too.
    """
    return _adapter("torch.nn.TransformerDecoderLayer", function, _decoder)


def transformer(function: Any) -> Adapter:
    """Return the adapter of `Transformer` as lines 8.4–8.20, with a norm after each half."""
    adapter = Adapter("torch.nn.Transformer", _transformer, divided, departures=("final-norms-8",))
    if isinstance(function, type):
        return adapter
    norms = [part.norm is not None for part in (function.encoder, function.decoder)]
    if norms[0] != norms[1]:
        raise AdapterError(f"{name_of(function)} has a last norm in one of its two halves")
    layers = {"L_enc": len(function.encoder.layers), "L_dec": len(function.decoder.layers)}
    adapter = _of_instance(adapter, function.decoder.layers[0], layers)
    return replace(adapter, departures=adapter.departures if norms[0] else ())


def _adapter(name: str, function: Any, call: Callable[[Any, Arguments], Any]) -> Adapter:
    adapter = Adapter(name, call, divided)
    return adapter if isinstance(function, type) else _of_instance(adapter, function, {})


def _of_instance(adapter: Adapter, layer: Any, more: Sizes) -> Adapter:
    """Return the adapter of a layer that has sizes and an ε, and may have no offsets."""
    eps = {part.eps for part in layer.modules() if isinstance(part, torch.nn.LayerNorm)}
    if len(eps) != 1:
        raise AdapterError(f"{name_of(layer)} has norms with {len(eps)} ε, not one")
    heads, d_mlp = layer.self_attn.num_heads, layer.linear1.out_features
    own = {**heads_of(layer.self_attn.embed_dim, heads), "d_mlp": d_mlp, **more}
    return replace(
        adapter,
        sizes=of_instance(own),
        values={"ε": eps.pop()},
        inputs=Restrictions(biases=layer.linear1.bias is not None or AROUND),
    )


def _one_sequence(function: Any, arguments: Arguments) -> Any:
    theta, x = converted("torch", (arguments.theta, arguments.x))
    is_decoder = arguments.id == "10"
    options = {"activation": "gelu", "norm_first": is_decoder}
    module = _module(function, theta.layers[0], arguments.eps, **options)
    mask = {"src_mask": _later(x)} if is_decoder else {}
    axis = batch_axis(module)
    X = _embedded(x, theta).unsqueeze(axis)  # 9.1–9.3, 10.1–10.3
    for layer in theta.layers:
        X = call_with(module, _encoder_weights(layer, layer.W), X, **mask)
    X = X.select(axis, 0)
    if not is_decoder:
        X = F.gelu(F.linear(X, theta.W_f, theta.b_f))  # 9.10
    X = F.layer_norm(X, theta.gamma.shape, theta.gamma, theta.beta, arguments.eps)  # 9.11, 10.10
    return F.linear(X, theta.W_u).softmax(-1).mT  # 9.12, 10.11


def _decoder(function: Any, arguments: Arguments) -> Any:
    theta, z, x = converted("torch", (arguments.theta, arguments.z, arguments.x))
    first = theta.encoder_layers[0]
    encoder = _module(torch.nn.TransformerEncoderLayer, first, arguments.eps)
    module = _module(function, first, arguments.eps)
    axes = batch_axis(encoder), batch_axis(module)
    Z = _embedded(z, theta).unsqueeze(axes[0])  # 8.1–8.3
    for layer in theta.encoder_layers:
        Z = call_with(encoder, _encoder_weights(layer, layer.W_enc), Z)
    Z = Z.select(axes[0], 0).unsqueeze(axes[1])
    X = _embedded(x, theta).unsqueeze(axes[1])  # 8.10–8.12
    for layer in theta.decoder_layers:
        X = call_with(module, _decoder_weights(layer), X, Z, tgt_mask=_later(x))
    return F.linear(X.select(axes[1], 0), theta.W_u).softmax(-1).mT  # 8.21


def _transformer(function: Any, arguments: Arguments) -> Any:
    theta, z, x = converted("torch", (arguments.theta, arguments.z, arguments.x))
    module = function
    if isinstance(function, type):
        layers = len(theta.encoder_layers), len(theta.decoder_layers)
        module = _module(function, theta.encoder_layers[0], arguments.eps, *layers)
    weights: dict[str, torch.Tensor] = {}
    for place, layer in enumerate(theta.encoder_layers):
        weights |= _encoder_weights(layer, layer.W_enc, f"encoder.layers.{place}.")
    for place, layer in enumerate(theta.decoder_layers):
        weights |= _decoder_weights(layer, f"decoder.layers.{place}.")
    scale = torch.ones_like(theta.W_e[:, 0])
    for half in ("encoder", "decoder"):
        if getattr(module, half).norm is not None:
            weights |= pair(f"{half}.norm", scale, 0 * scale)
    axis = batch_axis(module)
    Z, X = (_embedded(text, theta).unsqueeze(axis) for text in (z, x))  # 8.1–8.3, 8.10–8.12
    X = call_with(module, weights, Z, X, tgt_mask=_later(x))
    return F.linear(X.select(axis, 0), theta.W_u).softmax(-1).mT  # 8.21


def _module(function: Any, layer: Record, eps: float, *layers: int, **options: Any) -> Any:
    """Return a module with the sizes of θ, or the instance that there is."""
    if not isinstance(function, type):
        return function
    W = layer[0]  # its attention
    sizes = (len(W.W_o), len(W.W_qkv.W_q), *layers, len(layer.W_mlp1))
    return function(*sizes, layer_norm_eps=eps, **options).eval()


def _embedded(x: torch.Tensor, theta: Record) -> torch.Tensor:
    """Return the vector of each token and its position, as rows."""
    return (theta.W_e[:, x] + theta.W_p[:, : len(x)]).mT  # type: ignore[no-any-return]


def _later(x: torch.Tensor) -> torch.Tensor:
    """Return torch's mask: in the row of a token, True for each token that comes later."""
    return torch.ones(len(x), len(x), dtype=torch.bool).triu(1)


def _encoder_weights(layer: Record, W: Record, name: str = "") -> Weights:
    return {
        **attention_weights(W, f"{name}self_attn."),
        **pair(f"{name}norm1", layer.gamma1, layer.beta1),
        **pair(f"{name}norm2", layer.gamma2, layer.beta2),
        **pair(f"{name}linear1", layer.W_mlp1, layer.b_mlp1),
        **pair(f"{name}linear2", layer.W_mlp2, layer.b_mlp2),
    }


def _decoder_weights(layer: Record, name: str = "") -> Weights:
    return {
        **attention_weights(layer.W_dec, f"{name}self_attn."),
        **attention_weights(layer.W_ed, f"{name}multihead_attn."),
        **pair(f"{name}norm1", layer.gamma3, layer.beta3),
        **pair(f"{name}norm2", layer.gamma4, layer.beta4),
        **pair(f"{name}norm3", layer.gamma5, layer.beta5),
        **pair(f"{name}linear1", layer.W_mlp3, layer.b_mlp3),
        **pair(f"{name}linear2", layer.W_mlp4, layer.b_mlp4),
    }
