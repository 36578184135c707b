"""Modules of torch: `MultiheadAttention` as Algorithm 5, and `LayerNorm` as Algorithm 6."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from spec.adapters.array_libraries import converted
from spec.adapters.instance_sizes import of_instance
from spec.adapters.libraries.torch_weights import Weights, call_with, pair, side_by_side
from spec.adapters.restrictions import Restrictions
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Sizes
from spec.inputs.draw import Inputs
from spec.inputs.python_form import Record


def attention(function: Any) -> Adapter:
    """Return the adapter of `MultiheadAttention`: self-attention and cross-attention.

    It is called with need_weights=False: with True, torch gives nan for a token that may attend to
    nothing.
    """
    adapter = Adapter("torch.nn.MultiheadAttention", _attention, sizes=_divided)
    if isinstance(function, type):
        return adapter
    if function.kdim != function.vdim:
        raise AdapterError(
            f"{name_of(function)} has keys of {function.kdim} numbers and values of "
            f"{function.vdim}, and Algorithm 5 makes both of one Z"
        )
    if function.add_zero_attn:
        raise AdapterError(f"{name_of(function)} adds a key of zeros, and Algorithm 5 does not")
    d_x, H = function.embed_dim, function.num_heads
    d_attn = d_x // H
    own = {"H": H, "d_attn": d_attn, "d_mid": d_attn, "d_x": d_x, "d_out": d_x}
    biases = Restrictions(biases=function.in_proj_bias is not None)
    return replace(adapter, sizes=of_instance({**own, "d_z": function.kdim}), inputs=biases)


def _divided(asked: Sizes) -> Sizes:
    """Return sizes at which vectors that come in are as long as those that go out: H d_attn."""
    d_attn = min(asked["d_attn"], asked["d_mid"])
    d_x = asked["H"] * d_attn
    d_z = d_x if asked["d_z"] == asked["d_x"] else asked["d_z"]
    return {**asked, "d_attn": d_attn, "d_mid": d_attn, "d_x": d_x, "d_out": d_x, "d_z": d_z}


def _attention(function: Any, arguments: Arguments) -> Any:
    W, Mask, X, Z = converted("torch", (arguments.W, arguments.Mask, arguments.X, arguments.Z))
    module = function
    if isinstance(function, type):
        heads, d_out, d_z = len(W.W_qkv.W_q), len(W.W_o), len(Z)
        module = function(d_out, heads, kdim=d_z, vdim=d_z).eval()
    axis = batch_axis(module)
    X, Z = (sequence.mT.unsqueeze(axis) for sequence in (X, Z))
    if X.shape == Z.shape and torch.equal(X, Z):
        Z = X  # torch recognises self-attention by the identity of the objects
    weights = attention_weights(W, packed=module.in_proj_weight is not None)
    result, _ = call_with(module, weights, X, Z, Z, attn_mask=~Mask.mT, need_weights=False)
    return result.select(axis, 0).mT


def attention_weights(W: Record, name: str = "", *, packed: bool = True) -> Weights:
    """Return the weights of a `MultiheadAttention`: packed in one matrix, or three matrices."""
    weights, biases = side_by_side(W.W_qkv)
    parts = zip("qkv", weights, strict=True)
    apart = {f"{name}{part}_proj_weight": weight for part, weight in parts}
    return {
        **({f"{name}in_proj_weight": torch.cat(weights)} if packed else apart),
        f"{name}in_proj_bias": torch.cat(biases),
        **pair(f"{name}out_proj", W.W_o, W.b_o),
    }


def batch_axis(module: Any) -> int:
    """Return the axis of a batch; in a layer, only the attention has the option that says it."""
    parts = (part for part in module.modules() if hasattr(part, "batch_first"))
    return 0 if next(parts).batch_first else 1


def norm(function: Any) -> Adapter:
    """Return the adapter of `LayerNorm`.

    Raises
    ------
    AdapterError
        If an instance takes the norm of a matrix.
    """
    adapter = Adapter("torch.nn.LayerNorm", _norm)
    if isinstance(function, type):
        return adapter
    if len(function.normalized_shape) != 1:
        raise AdapterError(
            f"{name_of(function)} normalises arrays of shape {function.normalized_shape}, "
            "and Algorithm 6 columns"
        )
    return replace(
        adapter,
        sizes=of_instance({"d_e": function.normalized_shape[0]}),
        values={"ε": function.eps},
        inputs=partial(_without_lacking, function),
    )


def _without_lacking(module: Any, run: Inputs) -> Inputs:
    """Return γ = 1 if a module has no γ, and β = 0 if it has no β."""
    gamma, beta = run.parameters
    gamma = gamma if module.weight is not None else np.ones_like(gamma)
    beta = beta if module.bias is not None else np.zeros_like(beta)
    return replace(run, parameters=(gamma, beta))


def _norm(function: Any, arguments: Arguments) -> Any:
    e, gamma, beta = converted("torch", (arguments.e, arguments.gamma, arguments.beta))
    module = function
    if isinstance(function, type):
        module = function(len(gamma), eps=arguments.eps).eval()
    weights = {"weight": gamma, "bias": beta}
    if module.weight is None:
        del weights["weight"]
    return call_with(module, weights, e.mT).mT
