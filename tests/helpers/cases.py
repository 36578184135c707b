"""The same inputs for the pseudocode and for the reference, which takes them in Python's form."""

from __future__ import annotations

import copy
import inspect
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch

from algorithms import tree_map
from algorithms.signatures.annotations import (
    ArrayOf,
    Items,
    declared,
)
from helpers.gradients import by_torch
from helpers.paper import TRAINING
from spec import symbols
from spec.calling.python_signature import annotations_of, as_annotated
from spec.expected.line_values import LineValues, PairedInputs
from spec.inputs.arguments import masked
from spec.inputs.change_parameters import change_parameters, each
from spec.inputs.draw import Inputs, draw, per_token
from spec.inputs.python_form import input_name, python_form
from spec.language.types import Bundle
from spec.library import checked, example
from spec.machine.trees import map_arrays
from spec.pairing import implementations

REFERENCE = implementations("algorithms")
#: Lines of a loop that is done at once: the sequences of a batch are one array, filled up, which no
#: line of D9 has; nor has Algorithm 10, for all of them. What is left is the sum, in D9.7.
AT_ONCE = {"D9": {"D9.3", "D9.5", "D9.6"}}
TURNS = 4  # how long a text may grow that ends with a token

torch.set_num_threads(1)  # more only wait for each other, with matrices as small as these


def takes(id: str, name: str) -> bool:
    """Whether the reference's function has a parameter of this name."""
    return name in inspect.signature(REFERENCE[id]).parameters


def has_batch(id: str, name: str) -> bool:
    """Whether an argument of the reference's function may have a batch axis."""
    argument = declared(REFERENCE[id]).arguments.get(name)
    argument = argument.item if isinstance(argument, Items) else argument
    return isinstance(argument, ArrayOf) and bool(argument.batch)


def batches(id: str) -> tuple[bool, ...]:
    """Whether inputs have a batch axis: they may or may not, unless the function takes no batch."""
    names = declared(REFERENCE[id]).arguments
    return (False, True) if any(has_batch(id, name) for name in names) else (False,)


def runs(id: str, seed: int = 0, *, batch: int = 1, **sizes: int) -> list[list[Inputs]]:
    """Inputs for the pseudocode: for each member of the batch, one run, or one for each token.

    Members share what the function takes without a batch: positions.
    """
    source = np.random.default_rng(seed)
    sizes = {**example(id).get("sizes", {}), **sizes}
    header = checked()[id].header
    first = draw(checked(), id, source, sizes)
    own = [batch == 1 or has_batch(id, input_name(str(key), type)) for key, type in header.inputs]
    tokens = 5 if per_token(header) else 1
    members: list[list[Inputs]] = []
    for _ in range(batch):
        members.append([])
        for token in range(tokens):
            inputs = draw(checked(), id, source, sizes).inputs
            shared = members[0][token].inputs if members[0][token:] else inputs
            chosen = zip(inputs, shared, own, strict=True)
            inputs = tuple(mine if is_own else one for mine, one, is_own in chosen)
            members[-1].append(replace(first, inputs=inputs))
    return members


def case(
    id: str,
    seed: int = 0,
    *,
    batched: bool = False,
    mask: str = "drawn",
    scale: float = 1.0,
    dtype: Any = np.float64,
    **sizes: int,
) -> PairedInputs:
    """Inputs for both: an algorithm and the reference's function.

    `mask` and `scale` are those of a `Variation`.
    """

    def varied(run: Inputs) -> Inputs:
        if mask != "drawn":
            run = change_parameters(run, each("Mask", partial(masked, kind=mask)))
        if scale != 1:
            run = replace(run, inputs=map_arrays(lambda x: x * scale, run.inputs))
        return run

    drawn = [list(map(varied, of)) for of in runs(id, seed, batch=2 if batched else 1, **sizes)]
    hints = annotations_of(REFERENCE[id])
    members = [python_form(checked(), id, of, dtype) for of in drawn]
    random = np.random.default_rng(seed).random(1000).tolist()
    hyperparameters = [symbols.ascii(name) for name in drawn[0][0].hyperparameters]
    keywords = {name: members[0][name] for name in hyperparameters if name in members[0]}
    if takes(id, "rng"):
        keywords["rng"] = np.random.default_rng(seed)
    if takes(id, "value_and_gradient"):
        keywords["value_and_gradient"] = by_torch
    if takes(id, "ell_gen") and "ell_gen" not in keywords:
        keywords["ell_gen"] = TURNS
    inputs = sum(not isinstance(type, Bundle) for _, type in checked()[id].header.inputs)
    arguments = []
    for place, name in enumerate(name for name in members[0] if name not in keywords):
        value = members[0][name]
        if batched and place < inputs and has_batch(id, name):
            value = _stacked([member[name] for member in members])
        arguments.append(as_annotated(value, hints.get(name)))
    if id in TRAINING:
        arguments = [_torch(part) for part in arguments]
    return PairedInputs(drawn, tuple(arguments), keywords, batched, random, TURNS)


def _stacked(members: list[Any]) -> Any:
    """Return one array for several, or a tuple of one array for each layer."""
    if isinstance(members[0], tuple):
        return tuple(map(np.stack, zip(*members, strict=True)))
    return np.stack(members)


def _torch(part: Any) -> Any:
    if hasattr(part, "_fields"):
        return tree_map(torch.from_numpy, part)
    if isinstance(part, np.ndarray):
        return torch.from_numpy(part)
    return [torch.from_numpy(one) for one in part] if isinstance(part, list) else part


@cache
def line_values(id: str, seed: int = 0, *, batched: bool = False, **sizes: int) -> LineValues:
    """What the lines set on a case: computed once for all functions that are held to it."""
    return LineValues(checked(), id, case(id, seed, batched=batched, **sizes))


def in_float32(held: LineValues, seed: int = 0, **sizes: int) -> LineValues:
    """Line values for the same inputs, which the function gets in float32."""
    single = copy.copy(held)
    single.inputs = case(held.id, seed, dtype=np.float32, **sizes)
    return single
