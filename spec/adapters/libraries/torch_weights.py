"""Modules of torch, called with weights made of θ; their own weights stay as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.func import functional_call

from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.python_form import Record

Weights = Mapping[str, torch.Tensor]


def call_with(module: torch.nn.Module, weights: Weights, *args: Any, **options: Any) -> Any:
    """Call a module with other weights, by their paths in it: `norm1.weight`.

    Weights that are 0 may be given for an offset that the module does not have.

    Raises
    ------
    AdapterError
        If the module has no place for a weight, or has a weight that is not given.
    """
    own = dict(_own_weights(module))
    placed: dict[int, str] = {}
    for name, weight in weights.items():
        shape = tuple(weight.shape)
        if name in own:
            if own[name].shape != weight.shape:
                raise AdapterError(
                    f"{name_of(module)}.{name} has shape {tuple(own[name].shape)}, "
                    f"where the algorithm has {shape}"
                )
            placed.setdefault(id(own[name]), name)  # a weight that is tied to another has its value
        elif weight.any():
            raise AdapterError(f"{name_of(module)} has no {name}, where the algorithm has {shape}")
    for name, weight in own.items():
        if id(weight) not in placed:
            raise AdapterError(
                f"{name_of(module)}.{name} has shape {tuple(weight.shape)}: "
                "nothing in the algorithm goes there"
            )
    arguments = {name: weights[name] for name in placed.values()}
    with torch.no_grad():
        return functional_call(module, arguments, args, options)


def _own_weights(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the parameters of a module, and its buffers of real numbers."""
    yield from module.named_parameters(remove_duplicate=False)
    for name, buffer in module.named_buffers(remove_duplicate=False):
        if buffer.is_floating_point():
            yield name, buffer


def pair(name: str, weight: Any, bias: Any) -> dict[str, torch.Tensor]:
    """Return the weights of a linear map, or of a norm, under its name."""
    return {f"{name}.weight": weight, f"{name}.bias": bias}


def side_by_side(heads: Record) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return W_q, W_k and W_v, then b_q, b_k and b_v, with the rows of all heads one below another.

    `heads` is the paper's W_qkv of several heads.
    """
    weights = [heads.W_q, heads.W_k, heads.W_v]
    biases = [heads.b_q, heads.b_k, heads.b_v]
    return [part.flatten(0, 1) for part in weights], [part.flatten(0, 1) for part in biases]


def projections(W: Record, name: str, *maps: str) -> Weights:
    """Return the weights of attention with four linear maps: of queries, keys, values, results."""
    weights, biases = side_by_side(W.W_qkv)
    projected: dict[str, torch.Tensor] = {}
    for part, weight, bias in zip(maps, [*weights, W.W_o], [*biases, W.b_o], strict=True):
        projected |= pair(f"{name}.{part}", weight, bias)
    return projected
