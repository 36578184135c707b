"""Modules of torch, run with the weights of θ; their own stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.func import functional_call

from spec.calling.python_signature import name_of
from spec.inputs.adapter import AdapterError
from spec.inputs.records import Record

Weights = Mapping[str, torch.Tensor]


def call_with(module: torch.nn.Module, weights: Weights, *args: Any, **options: Any) -> Any:
    """Call a module with other weights.

    An offset that the module does not have may be given if it is 0.

    Raises
    ------
    AdapterError
        If a weight has no place in the module, or none is given for one that it has.
    """
    own = dict(_own(module))
    placed: dict[int, str] = {}
    for name, weight in weights.items():
        if name in own:
            if own[name].shape != weight.shape:
                raise AdapterError(
                    f"{name_of(module)}: {name} has shape {tuple(own[name].shape)}, "
                    f"and what the algorithm has for it {tuple(weight.shape)}"
                )
            placed.setdefault(id(own[name]), name)  # one that is tied to another has its value
        elif weight.any():
            raise AdapterError(
                f"{name_of(module)} has no {name} for what has shape {tuple(weight.shape)}"
            )
    for name, weight in own.items():
        if id(weight) not in placed:
            raise AdapterError(
                f"{name_of(module)}: {name}, of shape {tuple(weight.shape)}, "
                "is nothing that the algorithm has"
            )
    arguments = {name: weights[name] for name in placed.values()}
    with torch.no_grad():
        return functional_call(module, arguments, args, options)


def _own(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the weights that a module has; buffers that are no real numbers are its own affair."""
    yield from module.named_parameters(remove_duplicate=False)
    for name, buffer in module.named_buffers(remove_duplicate=False):
        if buffer.is_floating_point():
            yield name, buffer


def pair(name: str, weight: Any, bias: Any) -> dict[str, torch.Tensor]:
    """Return a linear map, or a norm, under its name."""
    return {f"{name}.weight": weight, f"{name}.bias": bias}


def stacked(heads: torch.Tensor) -> torch.Tensor:
    """Return the rows of all heads one under another."""
    return heads.flatten(0, 1)


def projections(W: Record, name: str, query: str, key: str, value: str, out: str) -> Weights:
    """Return the weights of attention whose four maps have names of their own."""
    heads = W.W_qkv
    return {
        **pair(f"{name}.{query}", stacked(heads.W_q), stacked(heads.b_q)),
        **pair(f"{name}.{key}", stacked(heads.W_k), stacked(heads.b_k)),
        **pair(f"{name}.{value}", stacked(heads.W_v), stacked(heads.b_v)),
        **pair(f"{name}.{out}", W.W_o, W.b_o),
    }
