"""Modules of torch: `MultiheadAttention` as Algorithm 5, and `LayerNorm` as Algorithm 6."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from spec.adapters.array_libraries import converted
from spec.adapters.libraries.sizes import of_instance
from spec.adapters.libraries.torch_weights import Weights, call_with, stacked
from spec.adapters.restrictions import Restrictions
from spec.calling.python_signature import name_of
from spec.inputs.adapter import Adapter, AdapterError, Function, Sizes
from spec.inputs.arguments import Arguments
from spec.inputs.draw import Inputs
from spec.inputs.records import Record


def attention(function: Function) -> Adapter:
    """Return the adapter of `MultiheadAttention`: self-attention and cross-attention.

    The weights of attention are not asked for: where they are, torch gives nan for a token that
    may attend to nothing.

    Raises
    ------
    AdapterError
        If an instance does what Algorithm 5 has no place for.
    """
    one = Adapter("torch.nn.MultiheadAttention", _attention, sizes=_divided)
    if isinstance(function, type):
        return one
    if function.kdim != function.vdim:
        raise AdapterError(
            f"{name_of(function)} has keys of {function.kdim} numbers and values of "
            f"{function.vdim}, and Algorithm 5 makes both of one Z"
        )
    if function.add_zero_attn:
        raise AdapterError(f"{name_of(function)} adds a key of zeros, and Algorithm 5 does not")
    d_attn = function.embed_dim // function.num_heads
    own = {
        "H": function.num_heads,
        "d_attn": d_attn,
        "d_mid": d_attn,
        "d_x": function.embed_dim,
        "d_out": function.embed_dim,
        "d_z": function.kdim,
    }
    biases = Restrictions(biases=function.in_proj_bias is not None)
    return replace(one, sizes=of_instance(own), inputs=biases)


def _divided(asked: Sizes) -> Sizes:
    """Return sizes at which what comes in is as long as what goes out: H d_attn."""
    d_attn = min(asked["d_attn"], asked["d_mid"])
    d_x = asked["H"] * d_attn
    d_z = d_x if asked["d_z"] == asked["d_x"] else asked["d_z"]
    return {**asked, "d_attn": d_attn, "d_mid": d_attn, "d_x": d_x, "d_out": d_x, "d_z": d_z}


def _attention(function: Function, arguments: Arguments) -> Any:
    W, Mask = converted("torch", (arguments.W, arguments.Mask))
    module = function
    if isinstance(function, type):
        heads, (d_out, d_z) = len(W.W_qkv.W_q), (len(arguments.W.W_o), len(arguments.Z))
        module = function(d_out, heads, kdim=d_z, vdim=d_z).eval()
    X, Z = (
        batch_of_one(module, converted("torch", part).mT) for part in (arguments.X, arguments.Z)
    )
    if X.shape == Z.shape and torch.equal(X, Z):
        Z = X  # that they are the same object is how torch knows self-attention
    weights = attention_weights(W, packed=module.in_proj_weight is not None)
    result, _ = call_with(module, weights, X, Z, Z, attn_mask=~Mask.mT, need_weights=False)
    return the_one(module, result).mT


def attention_weights(W: Record, name: str = "", *, packed: bool = True) -> Weights:
    """Return the weights of a `MultiheadAttention`: packed in one, or of three shapes."""
    Q, K, V = (stacked(part) for part in (W.W_qkv.W_q, W.W_qkv.W_k, W.W_qkv.W_v))
    offsets = [stacked(part) for part in (W.W_qkv.b_q, W.W_qkv.b_k, W.W_qkv.b_v)]
    several = {"q_proj_weight": Q, "k_proj_weight": K, "v_proj_weight": V}
    weights = {
        **({"in_proj_weight": torch.cat([Q, K, V])} if packed else several),
        "in_proj_bias": torch.cat(offsets),
        "out_proj.weight": W.W_o,
        "out_proj.bias": W.b_o,
    }
    return {name + key: weight for key, weight in weights.items()}


def batch_of_one(module: Any, X: torch.Tensor) -> torch.Tensor:
    """Return tokens, in rows, as a batch where a module has its axis."""
    return X[None] if _batch_first(module) else X[:, None]


def the_one(module: Any, X: torch.Tensor) -> torch.Tensor:
    """Return the only member of a batch."""
    return X[0] if _batch_first(module) else X[:, 0]


def _batch_first(module: Any) -> bool:
    # A layer knows it of its attention only.
    found = next(part for part in module.modules() if hasattr(part, "batch_first"))
    return bool(found.batch_first)


def norm(function: Function) -> Adapter:
    """Return the adapter of `LayerNorm`.

    Raises
    ------
    AdapterError
        If an instance takes the norm of a matrix.
    """
    one = Adapter("torch.nn.LayerNorm", _norm)
    if isinstance(function, type):
        return one
    if len(function.normalized_shape) != 1:
        raise AdapterError(
            f"{name_of(function)} normalises arrays of shape {function.normalized_shape}, "
            "and Algorithm 6 columns"
        )
    return replace(
        one,
        sizes=of_instance({"d_e": function.normalized_shape[0]}),
        values={"ε": function.eps},
        inputs=partial(_scaled, function),
    )


def _scaled(module: Any, run: Inputs) -> Inputs:
    """Return γ = 1 and β = 0 for what a module does not have."""
    gamma, beta = run.parameters
    gamma = gamma if module.weight is not None else np.ones_like(gamma)
    beta = beta if module.bias is not None else np.zeros_like(beta)
    return replace(run, parameters=(gamma, beta))


def _norm(function: Function, arguments: Arguments) -> Any:
    e, gamma, beta = converted("torch", (arguments.e, arguments.gamma, arguments.beta))
    module = function
    if isinstance(function, type):
        module = function(len(gamma), eps=arguments.eps).eval()
    weights = {"weight": gamma, "bias": beta}
    if module.weight is None:
        del weights["weight"]
    return call_with(module, weights, e.mT).mT
