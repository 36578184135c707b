"""Sequences with tokens as rows or columns, alone or in a batch; masks; and the result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spec.adapters.options import Batch, Mask, Result, Tokens, require_allowed
from spec.inputs.adapter import AdapterError
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import to_numpy
from spec.inputs.python_form import input_name
from spec.inputs.variations import TURNS
from spec.language.types import Bundle, Matrix

Array = npt.NDArray[Any]

AXES = {"first": 0, "second": 1, "last": -1}
MEMBERS = 2
#: The results that logits may stand for, by the paper's names.
DISTRIBUTIONS = ("p", "P")
#: What is added to the seed for the other member of a batch.
OTHER_SEED = 1000


@dataclass(frozen=True)
class SequenceForm:
    """How a function takes sequences, and returns one.

    Attributes
    ----------
    tokens
        Whether tokens are columns or rows.
    batch
        The axis of a batch, if the function has one. The batch has two members: the arguments of
        the call, and other sequences of the same sizes. Which of them stands first changes with
        the seed.
    result
        Whether a function of distributions returns probabilities, or logits, whose softmax is
        then taken.
    """

    tokens: Tokens = "columns"
    batch: Batch | None = None
    result: Result = "probabilities"

    def __post_init__(self) -> None:
        require_allowed("tokens", self.tokens, Tokens)
        require_allowed("result", self.result, Result)
        if self.batch is not None:
            require_allowed("batch", self.batch, Batch)

    def sequences(self, arguments: Arguments) -> dict[str, Any]:
        """Return the inputs that are sequences of vectors or of tokens, by name."""
        members = [arguments] if self.batch is None else self._members(arguments)
        found: dict[str, Any] = {}
        for key, type in arguments.header.inputs:
            if isinstance(type, Bundle):
                continue
            name = input_name(str(key), type)
            each = [self._turned(member.named[name]) for member in members]
            found[name] = each[0] if self.batch is None else np.stack(each, AXES[self.batch])
        return found

    def mask(self, arguments: Arguments, form: Mask) -> dict[str, Array]:
        """Return the mask, if the algorithm has one and the function takes it."""
        if "Mask" not in arguments.named or form in ("causal", "none"):
            return {}
        drawn = self._turned(arguments.named["Mask"])
        if form == "additive":
            return {"Mask": np.where(drawn, 0.0, -np.inf).astype(arguments.format.dtype)}
        return {"Mask": ~drawn if form == "masked" else drawn}

    def returned(self, value: Any, arguments: Arguments) -> Any:
        """Return a function's result in the paper's form.

        Raises
        ------
        AdapterError
            If there is no batch in it, or the function cannot return logits.
        """
        key, type = arguments.header.output
        if self.result == "logits" and str(key) not in DISTRIBUTIONS:
            raise AdapterError(
                f"Algorithm {arguments.id} returns no probabilities: {key} has no logits"
            )
        array = to_numpy(value) if isinstance(type, Matrix) and self != SequenceForm() else None
        if array is None:  # nothing changes; or the verdict says what is wrong with it
            return value
        if self.batch is not None:
            array = self._member(array, arguments)
        array = self._turned(array)
        return _softmax(array) if self.result == "logits" and array.ndim == 2 else array

    def _members(self, arguments: Arguments) -> list[Arguments]:
        if not isinstance(arguments.header.output[1], Matrix):
            raise AdapterError(f"Algorithm {arguments.id} is not called with a batch")
        elsewhere = arguments.redrawn(arguments.variation.seed + OTHER_SEED).runs
        runs = zip(arguments.runs, elsewhere, strict=True)
        other = replace(
            arguments, runs=tuple(replace(run, inputs=another.inputs) for run, another in runs)
        )
        return [other, arguments] if self._place(arguments) else [arguments, other]

    def _place(self, arguments: Arguments) -> int:
        return arguments.variation.seed % MEMBERS

    def _member(self, array: Array, arguments: Arguments) -> Array:
        """Return the result for the arguments of the call, out of that of the batch."""
        axis = AXES[str(self.batch)]
        if not -array.ndim <= axis < array.ndim or array.shape[axis] != MEMBERS:
            raise AdapterError(
                f"the result has shape {array.shape}; its {self.batch} axis should be that of "
                f"the batch, which has {MEMBERS} members"
            )
        member: Array = np.take(array, self._place(arguments), axis)
        return member

    def _turned(self, value: Any) -> Any:
        """Return a matrix with tokens as columns in the function's form, or back again."""
        if self.tokens == "rows" and getattr(value, "ndim", 0) == 2:
            return value.T
        return value


def numbers(arguments: Arguments) -> dict[str, Any]:
    """Return the arguments besides sequences, masks and parameters: ε, τ, how many tokens."""
    inputs = {input_name(str(key), type) for key, type in arguments.header.inputs} | {"Mask"}
    return {
        name: value
        for name, value in arguments.named.items()
        if name not in inputs and not hasattr(value, "dtype") and not isinstance(value, tuple)
    }


def optional(arguments: Arguments) -> dict[str, Any]:
    """Return what a function may take beside the paper's arguments: random numbers, a bound."""
    return {"rng": arguments.rng, "ell_gen": TURNS}


def _softmax(logits: Array) -> Array:
    """Return the distributions of columns of logits, in the same format."""
    exact = logits.astype(np.float64)
    powers = np.exp(exact - exact.max(axis=0, keepdims=True))
    found: Array = powers / powers.sum(axis=0, keepdims=True)
    return found.astype(logits.dtype)
