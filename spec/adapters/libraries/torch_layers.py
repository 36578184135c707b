"""Layers of torch, in what stands around them: Algorithms 8, 9 and 10.

The layers are torch's; embeddings, the last norm and the unembedding are the paper's lines. One
module is every layer in turn, with the weights of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from spec.adapters.array_libraries import converted
from spec.adapters.libraries.sizes import divided, of_instance, split
from spec.adapters.libraries.torch_modules import (
    attention_weights,
    batch_of_one,
    the_one,
)
from spec.adapters.libraries.torch_weights import Weights, call_with, pair
from spec.adapters.restrictions import Restrictions
from spec.calling.python_signature import name_of
from spec.inputs.adapter import Adapter, AdapterError, Function, Sizes
from spec.inputs.arguments import Arguments
from spec.inputs.records import Record

#: The offsets of what stands around the layers.
AROUND = ("b_f", "beta")


def encoder(function: Function) -> Adapter:
    """Return the adapter of `TransformerEncoderLayer` as lines 9.5–9.8."""
    return _adapter("torch.nn.TransformerEncoderLayer", function, _encoder)


def decoder_only(function: Function) -> Adapter:
    """Return the adapter of `TransformerEncoderLayer`, its norms first, as lines 10.5–10.8."""
    return _adapter("torch.nn.TransformerEncoderLayer", function, _decoder_only)


def decoder(function: Function) -> Adapter:
    """Return the adapter of `TransformerDecoderLayer` as lines 8.14–8.19.

    The layers of the encoder are torch's too.
    """
    return _adapter("torch.nn.TransformerDecoderLayer", function, _decoder)


def transformer(function: Function) -> Adapter:
    """Return the adapter of `Transformer` as lines 8.4–8.20: with two norms more.

    Raises
    ------
    AdapterError
        If an instance has one of them and not the other.
    """
    one = Adapter("torch.nn.Transformer", _transformer, divided, departures=("final-norms-8",))
    if isinstance(function, type):
        return one
    norms = [part.norm is not None for part in (function.encoder, function.decoder)]
    if norms[0] != norms[1]:
        raise AdapterError(f"{name_of(function)} has a last norm in one of its two halves")
    layers = {"L_enc": len(function.encoder.layers), "L_dec": len(function.decoder.layers)}
    one = _of_instance(one, function.decoder.layers[0], layers)
    return replace(one, departures=one.departures if norms[0] else ())


def _adapter(name: str, function: Function, call: Callable[[Function, Arguments], Any]) -> Adapter:
    one = Adapter(name, call, divided)
    return one if isinstance(function, type) else _of_instance(one, function, {})


def _of_instance(adapter: Adapter, layer: Any, more: Sizes) -> Adapter:
    """Return the adapter of a layer of sizes and an ε of its own, perhaps without offsets."""
    eps = {part.eps for part in layer.modules() if isinstance(part, torch.nn.LayerNorm)}
    if len(eps) != 1:
        raise AdapterError(f"{name_of(layer)} has norms with {len(eps)} ε, not one")
    heads, d_mlp = layer.self_attn.num_heads, layer.linear1.out_features
    own = {**split(layer.self_attn.embed_dim, heads), "d_mlp": d_mlp, **more}
    return replace(
        adapter,
        sizes=of_instance(own),
        values={"ε": eps.pop()},
        inputs=Restrictions(biases=layer.linear1.bias is not None or AROUND),
    )


def _encoder(function: Function, arguments: Arguments) -> Any:
    theta, x = converted("torch", (arguments.theta, arguments.x))
    module = _module(function, theta.layers[0], arguments.eps, activation="gelu")
    X = batch_of_one(module, _embedded(x, theta))  # 9.1–9.3
    for layer in theta.layers:
        X = call_with(module, _encoder_weights(layer, layer.W), X)
    X = F.gelu(F.linear(the_one(module, X), theta.W_f, theta.b_f))  # 9.10
    X = F.layer_norm(X, theta.gamma.shape, theta.gamma, theta.beta, arguments.eps)  # 9.11
    return F.linear(X, theta.W_u).softmax(-1).mT  # 9.12


def _decoder_only(function: Function, arguments: Arguments) -> Any:
    theta, x = converted("torch", (arguments.theta, arguments.x))
    first = theta.layers[0]
    module = _module(function, first, arguments.eps, activation="gelu", norm_first=True)
    X = batch_of_one(module, _embedded(x, theta))  # 10.1–10.3
    for layer in theta.layers:
        X = call_with(module, _encoder_weights(layer, layer.W), X, src_mask=_later(x))
    X = the_one(module, X)
    X = F.layer_norm(X, theta.gamma.shape, theta.gamma, theta.beta, arguments.eps)  # 10.10
    return F.linear(X, theta.W_u).softmax(-1).mT  # 10.11


def _decoder(function: Function, arguments: Arguments) -> Any:
    theta, z, x = converted("torch", (arguments.theta, arguments.z, arguments.x))
    first = theta.encoder_layers[0]
    encoder = _module(torch.nn.TransformerEncoderLayer, first, arguments.eps)
    module = _module(function, first, arguments.eps)
    Z = batch_of_one(encoder, _embedded(z, theta))  # 8.1–8.3
    for layer in theta.encoder_layers:
        Z = call_with(encoder, _encoder_weights(layer, layer.W_enc), Z)
    Z = batch_of_one(module, the_one(encoder, Z))
    X = batch_of_one(module, _embedded(x, theta))  # 8.10–8.12
    for layer in theta.decoder_layers:
        X = call_with(module, _decoder_weights(layer), X, Z, tgt_mask=_later(x))
    return F.linear(the_one(module, X), theta.W_u).softmax(-1).mT  # 8.21


def _transformer(function: Function, arguments: Arguments) -> Any:
    theta, z, x = converted("torch", (arguments.theta, arguments.z, arguments.x))
    halves = {"encoder": theta.encoder_layers, "decoder": theta.decoder_layers}
    module = function
    if isinstance(function, type):
        W = theta.encoder_layers[0]
        sizes = (len(W.W_enc.W_o), len(W.W_enc.W_qkv.W_q), *map(len, halves.values()))
        module = function(*sizes, len(W.W_mlp1), layer_norm_eps=arguments.eps).eval()
    weights: dict[str, torch.Tensor] = {}
    for half, layers in halves.items():
        for place, layer in enumerate(layers):
            name = f"{half}.layers.{place}."
            if half == "encoder":
                weights |= _encoder_weights(layer, layer.W_enc, name)
            else:
                weights |= _decoder_weights(layer, name)
        if getattr(module, half).norm is not None:
            one = torch.ones_like(theta.W_e[:, 0])
            weights |= pair(f"{half}.norm", one, 0 * one)
    Z, X = (batch_of_one(module, _embedded(text, theta)) for text in (z, x))  # 8.1–8.3, 8.10–8.12
    X = call_with(module, weights, Z, X, tgt_mask=_later(x))
    return F.linear(the_one(module, X), theta.W_u).softmax(-1).mT  # 8.21


def _module(function: Function, layer: Record, eps: float, **options: Any) -> Any:
    """Return a layer of θ's sizes, or the instance that there is."""
    if not isinstance(function, type):
        return function
    W = layer[0]  # its attention
    sizes = (len(W.W_o), len(W.W_qkv.W_q), len(layer.W_mlp1))
    return function(*sizes, layer_norm_eps=eps, **options).eval()


def _embedded(x: torch.Tensor, theta: Record) -> torch.Tensor:
    """Return the vector of each token and its position, as rows."""
    return (theta.W_e[:, x] + theta.W_p[:, : len(x)]).mT  # type: ignore[no-any-return]


def _later(x: torch.Tensor) -> torch.Tensor:
    """Return torch's mask: True, for each token in its row, where another is later."""
    return torch.ones(len(x), len(x), dtype=torch.bool).triu(1)


def _encoder_weights(layer: Record, W: Record, name: str = "") -> Weights:
    weights = {
        **attention_weights(W, "self_attn."),
        **pair("norm1", layer.gamma1, layer.beta1),
        **pair("norm2", layer.gamma2, layer.beta2),
        **pair("linear1", layer.W_mlp1, layer.b_mlp1),
        **pair("linear2", layer.W_mlp2, layer.b_mlp2),
    }
    return {name + key: weight for key, weight in weights.items()}


def _decoder_weights(layer: Record, name: str = "") -> Weights:
    weights = {
        **attention_weights(layer.W_dec, "self_attn."),
        **attention_weights(layer.W_ed, "multihead_attn."),
        **pair("norm1", layer.gamma3, layer.beta3),
        **pair("norm2", layer.gamma4, layer.beta4),
        **pair("norm3", layer.gamma5, layer.beta5),
        **pair("linear1", layer.W_mlp3, layer.b_mlp3),
        **pair("linear2", layer.W_mlp4, layer.b_mlp4),
    }
    return {name + key: weight for key, weight in weights.items()}
