"""The inputs of a recorded run: small, of sizes that all differ, with numbers of one decimal.

They are drawn from the declarations of the algorithm with a fixed seed, once for the pseudocode and
the function.
"""

import inspect
from dataclasses import replace
from typing import Any

import numpy as np

from spec import symbols
from spec.calling.python_signature import annotations_of, as_annotated
from spec.expected.line_values import PairedInputs
from spec.inputs.draw import Inputs, draw
from spec.inputs.python_form import python_form
from spec.inputs.size_table import size_table
from spec.language import tree
from spec.library import checked
from spec.machine import Parameters
from spec.machine.trees import map_arrays
from spec.pairing import Function

SEED = 0
TURNS = 3  # how long a text may grow that ends with a token
_DRAWS = 1000  # how many numbers decide, at most
_LOUD = 2  # by how much inputs are larger, so that softmax has something to choose
#: Of what takes derivatives all loops are gone through, and no longer than it takes.
_TWICE = ("H", "N_epochs")


def small_inputs(id: str, function: Function) -> PairedInputs:
    """Draw the inputs of an algorithm, for its pseudocode and for a function of the reference."""
    takes_gradients = checked()[id].program.uses(tree.Gradient)
    sizes = dict(size_table("least" if takes_gradients else "steps"))
    if takes_gradients:
        sizes |= dict.fromkeys(_TWICE, 2)
    inputs = _with_one_decimal(id, draw(checked(), id, np.random.default_rng(SEED), sizes))
    named = python_form(checked(), id, [inputs], np.float64)
    parameters = inspect.signature(function).parameters
    options = {symbols.ascii(name) for name in inputs.hyperparameters} & named.keys()
    keywords: dict[str, Any] = {name: named[name] for name in options}
    if "rng" in parameters:
        keywords["rng"] = np.random.default_rng(SEED)
    if "ell_gen" in parameters:
        keywords.setdefault("ell_gen", TURNS)
    hints = annotations_of(function)
    arguments = tuple(
        as_annotated(value, hints.get(name))
        for name, value in named.items()
        if name not in keywords
    )
    random = np.random.default_rng(SEED).random(_DRAWS).tolist()
    return PairedInputs([[inputs]], arguments, keywords, random=random, turns=TURNS)


def _with_one_decimal(id: str, inputs: Inputs) -> Inputs:
    """Round the numbers, so that the sums of a page can be done by hand.

    None is 0, which would hide what it multiplies. A distribution stays as it is.
    """
    header = checked()[id].header
    kept = {*header.positive, *header.distributions}

    def rounded(array: Any) -> Any:
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            return array
        tenths = np.round(array, 1)
        return np.where(tenths == 0, np.copysign(0.1, array), tenths)

    values = tuple(
        value if key in kept else map_arrays(rounded, _louder(value))
        for (key, _), value in zip(header.inputs, inputs.inputs, strict=True)
    )
    return replace(inputs, inputs=values, parameters=map_arrays(rounded, inputs.parameters))


def _louder(value: Any) -> Any:
    return value if isinstance(value, Parameters) else map_arrays(_times, value)


def _times(array: Any) -> Any:
    is_real = isinstance(array, np.ndarray) and array.dtype.kind == "f"
    return array * _LOUD if is_real else array
