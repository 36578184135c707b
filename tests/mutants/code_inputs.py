"""The inputs on which a mutant of the reference is tried, the quickest first."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from helpers.cases import REFERENCE, batches, case, takes
from helpers.paper import ENDING, MASKED, RANDOM, SEEDS, TRAINING

from algorithms import GELU, ReLU
from algorithms.signatures.arrays import namespace
from spec.expected.line_values import PairedInputs
from spec.inputs.size_table import size_table
from spec.language.checked import Checked, check
from spec.language.parse import program
from spec.library import checked
from spec.mistakes.edit import with_rows

#: The paper's reserved tokens, from the vocabulary's last.
RESERVED = {"mask_token": 2, "bos_token": 1, "eos_token": 0}

#: What may be passed in place of a function's own: what is made of that, and what then stands in
#: the pseudocode.
EXCHANGED: dict[str, tuple[Callable[[Any], Any], dict[str, str]]] = {
    "activation": (
        lambda own: ReLU if own is GELU else GELU,
        {"GELU(": "ReLU(", "ReLU(": "GELU("},
    ),
    "attention": (
        lambda own: lambda *arguments: 2 * own(*arguments),
        {" Attention(": " 2 Attention(", " attend(": " 2 attend("},
    ),
    "weigh": (lambda _: lambda q: q**2 / (q**2).sum(), {"p^{1/τ}": "p^{2/τ}"}),
}

#: A text that is long enough for several runs to be left out of it.
LONG = {"length(x)": 12}

Made = Callable[[], PairedInputs]


def small(id: str) -> dict[str, int]:
    """Sizes with one layer and one head, for a first look."""
    one = {"L": 1, "L_enc": 1, "L_dec": 1, "H": 1}
    return {**size_table("least" if id in TRAINING else "small"), **one}


@cache
def inputs(id: str) -> tuple[Made, ...]:
    """What makes the inputs of a function."""
    parameters = inspect.signature(REFERENCE[id]).parameters
    unsaid = [
        name
        for name in ("mask_token", "bos_token", "eos_token", "ell_gen")
        if name in parameters and parameters[name].default is None
    ]
    found: list[Made]
    if id in TRAINING:
        loops = [{"N_data": 2, "N_epochs": 1}, {"N_data": 1, "N_epochs": 2}, {"N_data": 2}]
        found = [partial(case, id, seed, **small(id) | loop) for seed, loop in enumerate(loops)]
    elif id in ENDING:
        found = [partial(case, id, seed, **small(id)) for seed in range(3)]
    elif id in RANDOM:
        lengths = [{"length(x)": x, "ℓ_gen": y} for x, y in ((3, 4), (4, 2), (1, 4))]
        found = [partial(case, id, seed, **small(id) | one) for seed, one in enumerate(lengths)]
        if "r" in parameters:  # several runs of several tokens
            found += [partial(case, id, seed, **LONG) for seed in range(2)]
    elif "N_warm" in parameters:  # on the way up, down, and at the top
        steps = {"N_warm": 5, "N_steps": 8}
        found = [partial(case, id, seed, **steps, i=i) for seed, i in enumerate((3, 6, 5, 4))]
    elif id in MASKED:
        wide = {"H": 4, "H_kv": 3, "d_mid": 3}
        found = [partial(masked, id), partial(case, id, 1), partial(masked, id, **wide)]
        few = {"ℓ_x": 3}  # as a keyword ℓ would be l
        found.append(partial(case, id, 2, mask="empty column", scale=8.0, **few))
    else:
        sizes = small(id) if takes(id, "activation") else {}
        found = [partial(case, id, batched=batches(id)[-1], **sizes), partial(case, id, 1)]
        if "d" in checked()[id].header.size_names:  # a gradient that is not clipped, a second step
            found += [partial(case, id, seed, d=1, i=2) for seed in range(3)]
        if "ℓ" in checked()[id].header.size_names:  # fewer tokens are kept than come
            found.append(partial(case, id, 2, **{**sizes, "ℓ": 2}))
        if {"t_0", "w"} <= parameters.keys():  # fewer tokens stand before than are kept
            found.append(partial(case, id, 3, t_0=1, w=3))
        if "L_enc" in checked()[id].header.size_names:  # an encoder of no layer
            found.append(partial(case, id, **{**sizes, "L_enc": 0}))
    if any(name.startswith("padding") for name in parameters):
        found.append(partial(padded, id))
    if id in RANDOM:
        found.append(partial(narrow, id))
    found += [partial(case, id, seed) for seed in SEEDS.get(id, ())]
    if unsaid:
        # Seed 1 was found by search: with it no text ends before the length limit.
        found.insert(1, partial(without, id, 1, unsaid))
        found += [partial(without, id, 0, [name]) for name in unsaid if len(unsaid) > 1]
    if any(takes(id, name) for name in EXCHANGED):
        found.append(partial(exchanged, id))
    return tuple(found)


def masked(id: str, **sizes: int) -> PairedInputs:
    """Inputs of which each member of the batch has the mask along its own axis."""
    made = case(id, batched=True, **sizes)
    each = (
        np.stack([part] * len(made.runs)) if str(getattr(part, "dtype", "")) == "bool" else part
        for part in made.arguments
    )
    return replace(made, arguments=tuple(each))


def padded(id: str) -> PairedInputs:
    """Inputs of which all is said to be no padding."""
    made = case(id, 2, batched=True)
    names = inspect.signature(REFERENCE[id]).parameters
    tokens = dict(zip(names, made.arguments, strict=False))
    real = {
        name: np.ones(tokens[name.removeprefix("padding_").replace("padding", "x")].shape, bool)
        for name in names
        if name.startswith("padding")
    }
    return replace(made, keywords={**made.keywords, **real})


def without(id: str, seed: int, names: Collection[str]) -> PairedInputs:
    """Inputs where some hyperparameters have the value that is meant where they are not passed."""
    sizes = small(id)
    made = case(id, seed, **sizes)
    meant = {name: sizes["N_V"] - back for name, back in RESERVED.items() if name in names}

    def run_with(run: Any) -> Any:
        own = {name: value for name, value in meant.items() if name in run.hyperparameters}
        return replace(run, hyperparameters={**run.hyperparameters, **own})

    runs = [[run_with(run) for run in member] for member in made.runs]
    keywords = {name: value for name, value in made.keywords.items() if name not in names}
    turns = sizes["ℓ_max"] if "ell_gen" in names else made.turns
    return replace(made, runs=runs, keywords=keywords, turns=turns)


def narrow(id: str) -> PairedInputs:
    """Inputs whose tokens are bytes, which do not hold every token of the vocabulary."""
    made = case(id, 1, **{**small(id), "N_V": 600})

    def low(part: Any) -> Any:
        """Make tokens low, in either form."""
        match part:
            case [int(), *_]:
                return [(token - 1) % 256 + 1 for token in part]
            case list():
                return [low(one) for one in part]
        if "int" not in str(getattr(part, "dtype", "")):
            return part
        return namespace(part).astype(part % 256, namespace(part).uint8)

    runs = [[replace(run, inputs=tuple(map(low, run.inputs))) for run in of] for of in made.runs]
    return replace(made, runs=runs, arguments=tuple(map(low, made.arguments)))


def exchanged(id: str) -> PairedInputs:
    """Inputs with functions that are not the function's own: see `EXCHANGED`."""
    made = case(id, **small(id))
    parameters = inspect.signature(REFERENCE[id]).parameters
    others = {
        name: other(parameters[name].default)
        for name, (other, _) in EXCHANGED.items()
        if name in parameters
    }
    return replace(made, keywords={**made.keywords, **others})


def specification(paired: PairedInputs) -> Mapping[str, Checked]:
    """The algorithms that the function computes on some inputs."""
    return _exchanged(frozenset(EXCHANGED.keys() & paired.keywords.keys()))


@cache
def _exchanged(names: Collection[str]) -> Mapping[str, Checked]:
    """All algorithms, with other functions by these names."""
    other = {old: new for name in names for old, new in EXCHANGED[name][1].items()}
    headers = {id: algorithm.header for id, algorithm in checked().items()}
    found = dict(checked())
    for id, algorithm in checked().items():
        rows = {
            line.number: line.text.replace(name, new)
            for line in algorithm.program.layout.lines
            for name, new in other.items()
            if name in line.text
        }
        if rows:
            changed = with_rows(algorithm.program.layout, rows)
            found[id] = check(program(changed, like=algorithm.program), headers)
    return found
