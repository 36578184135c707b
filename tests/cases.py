"""The same inputs for the pseudocode and for the reference: from the paper's form to Python's.

Tokens and positions count from 0 in Python, a family of columns is a matrix, heads are stacked
along a leading axis, and layers are a tuple of objects.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from gradients import by_torch

import algorithms
from algorithms import tree_map
from spec import symbols
from spec.conformance.draw import Inputs, draw
from spec.conformance.tie import Case
from spec.language.sizes import ONE
from spec.language.types import Family, Matrix, Type
from spec.library import checked
from spec.machine import Parameters

RECORDS = {
    "4": algorithms.AttentionParameters,
    "5": algorithms.MHAttentionParameters,
    "8": algorithms.EDTransformerParameters,
    "9": algorithms.ETransformerParameters,
    "10": algorithms.DTransformerParameters,
}
LAYERS = {
    ("8", "encoder_layers"): algorithms.EDEncoderLayer,
    ("8", "decoder_layers"): algorithms.EDDecoderLayer,
    ("9", "layers"): algorithms.Layer,
    ("10", "layers"): algorithms.Layer,
}
PER_TOKEN = {"1", "2", "6", "7"}  # the paper's take one token, Python's all at once
TRAINING = {"11", "12", "13"}
SINGLE = TRAINING | {"2", "14", "15"}  # these take no batch
TURNS = 4  # how long 15's text may grow
SMALLER = {"N_V": 13, "d_mid": 7, "d_mlp": 9, "length(x_n)": 2, "length(z_n)": 5}  # for gradients

torch.set_num_threads(1)  # more only wait for each other, with matrices as small as these


def record(parameters: Parameters) -> Any:
    """θ, or a part of it, as the reference has it."""
    return _record(RECORDS[parameters.algorithm], parameters)


def _record(kind: Any, parameters: Parameters, index: int | None = None) -> Any:
    types = checked()[parameters.algorithm].header.fields
    named = {symbols.ascii(str(key)): key for key in parameters.fields}
    fields = {}
    for name in kind._fields:
        if name in named:
            value, type = parameters.fields[named[name]], types[named[name]]
            if index is not None:
                assert isinstance(type, Family), "of the layers"
                value, type = value[index], type.member
            fields[name] = _part(value, type)
        else:
            layer = LAYERS[parameters.algorithm, name]
            member = next(part for part in layer._fields if part in named)
            count = len(parameters.fields[named[member]])
            fields[name] = tuple(_record(layer, parameters, at) for at in range(count))
    return kind(**fields)


def _part(value: Any, type: Type) -> Any:
    """A parameter; a column has one axis, and a matrix two though it be one wide."""
    match value, type:
        case Parameters(), _:
            return record(value)
        case list(), _:  # heads
            return tree_map(lambda *heads: np.stack(heads), *map(record, value))
        case _, Matrix(bits=True):
            return value == 1
        case _, Matrix(columns=columns) if columns == ONE:
            return value[:, 0]
    return value


def runs(id: str, seed: int = 0, *, batch: int = 1, **sizes: int) -> list[list[Inputs]]:
    """Inputs for the pseudocode: for each member of the batch, one run, or one for each token."""
    source = np.random.default_rng(seed)
    sizes = (SMALLER if id in TRAINING else {}) | sizes
    first = draw(checked(), id, source, sizes)
    tokens = 5 if id in PER_TOKEN else 1
    return [
        [
            dataclasses.replace(first, inputs=draw(checked(), id, source, sizes).inputs)
            for _ in range(tokens)
        ]
        for _ in range(batch)
    ]


def case(
    id: str, seed: int = 0, *, batched: bool = False, dtype: Any = np.float64, **sizes: int
) -> Case:
    """Inputs for both: an algorithm of the paper and the reference's function."""
    drawn = runs(id, seed, batch=2 if batched else 1, **sizes)
    one = drawn[0][0]
    random = np.random.default_rng(seed).random(1000).tolist()
    keywords = {
        symbols.ascii(name): value - 1 if name.endswith("_token") else value
        for name, value in one.hyperparameters.items()
    }
    if id in TRAINING | {"14", "15"} and id not in {"11", "13"}:
        keywords["rng"] = np.random.default_rng(seed)
    if id in TRAINING:
        keywords["value_and_gradient"] = by_torch
    if id == "15":
        keywords["ell_gen"] = TURNS
    member = [ARGUMENTS[id](of) for of in drawn]
    inputs = [np.stack(part) if batched else part[0] for part in zip(*member, strict=True)]
    parameters = _parameters(id, one)
    arguments = tuple(_cast(part, dtype) for part in (*inputs, *parameters))
    if id in TRAINING:
        arguments = tuple(_torch(part) for part in arguments)
    return Case(drawn, arguments, keywords, batched, random, TURNS)


def _parameters(id: str, one: Inputs) -> list[Any]:
    """The parameters, which the batch shares."""
    declared = checked()[id].header.parameters
    found = [_part(part, type) for part, (_, type) in zip(one.parameters, declared, strict=True)]
    if id == "3":
        W_q, W_k, b_q, b_k, W_v, b_v = found
        return [algorithms.AttentionParameters(W_q, b_q, W_k, b_k, W_v, b_v)]
    return found + [record(part) for part in one.inputs if isinstance(part, Parameters)]


def _tokens(tokens: Sequence[int]) -> Any:
    return np.array(tokens) - 1


def _counts(of: Sequence[Inputs]) -> list[Any]:
    """One token, or position, a run."""
    return [_tokens([one.inputs[0] for one in of])]


def _columns(of: Sequence[Inputs]) -> list[Any]:
    """One column a run."""
    return [np.concatenate([one.inputs[0] for one in of], axis=1)]


ARGUMENTS: Mapping[str, Callable[[Sequence[Inputs]], list[Any]]] = {
    "1": _counts,
    "2": _counts,
    "3": lambda of: [of[0].inputs[0][:, 0], np.concatenate(of[0].inputs[1], axis=1)],
    "4": lambda of: list(of[0].inputs),
    "5": lambda of: list(of[0].inputs),
    "6": _columns,
    "7": _columns,
    "8": lambda of: [_tokens(part) for part in of[0].inputs],
    "9": lambda of: [_tokens(of[0].inputs[0])],
    "10": lambda of: [_tokens(of[0].inputs[0])],
    "11": lambda of: [[_tokens(one) for one in part] for part in of[0].inputs[:2]],
    "12": lambda of: [[_tokens(one) for one in of[0].inputs[0]]],
    "13": lambda of: [[_tokens(one) for one in of[0].inputs[0]]],
    "14": lambda of: [_tokens(of[0].inputs[0])],
    "15": lambda of: [_tokens(of[0].inputs[0])],
}


def _cast(part: Any, dtype: Any) -> Any:
    """The same numbers in another precision; what is drawn is exact in each."""
    if hasattr(part, "_fields"):
        return tree_map(lambda w: w.astype(dtype), part)
    return part.astype(dtype) if getattr(part, "dtype", None) == np.float64 else part


def _torch(part: Any) -> Any:
    if hasattr(part, "_fields"):
        return tree_map(torch.from_numpy, part)
    return [torch.from_numpy(one) for one in part] if isinstance(part, list) else part
