"""Sequences with tokens as rows or columns, alone or in a batch; masks; results."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spec.adapters.options import Batch, Mask, Result, Tokens, require_allowed
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import Array, to_numpy
from spec.inputs.python_form import input_name
from spec.inputs.variations import TURNS
from spec.language.types import Bundle, Matrix

#: The axes of a batch, by the values of the option `batch`.
AXES = {"first": 0, "second": 1, "last": -1}
#: How many sequences a batch has: the sequence of the call, and another.
MEMBERS = 2
#: What is added to the seed for the other sequence of a batch.
OTHER_SEED = 1000
#: The results that may be logits, by the paper's names.
DISTRIBUTIONS = ("p", "P")


@dataclass(frozen=True)
class SequenceForm:
    """The form in which a function takes sequences, and returns its result, by options of `layout`.

    A batch has two sequences: that of the call, and another of the same sizes. The seed decides
    which of them is first.
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
        by_name: dict[str, Any] = {}
        for key, type in arguments.header.inputs:
            if isinstance(type, Bundle):
                continue
            name = input_name(str(key), type)
            each = [self._turned(member.named[name]) for member in members]
            by_name[name] = each[0] if self.batch is None else np.stack(each, AXES[self.batch])
        return by_name

    def mask(self, arguments: Arguments, form: Mask) -> dict[str, Array]:
        """Return the mask, if the algorithm has one and the function takes it."""
        if "Mask" not in arguments.named or form in ("causal", "none"):
            return {}
        drawn = self._turned(arguments.named["Mask"])
        if form == "additive":
            return {"Mask": np.where(drawn, 0.0, -np.inf).astype(arguments.format.dtype)}
        return {"Mask": ~drawn if form == "masked" else drawn}

    def returned(self, value: Any, arguments: Arguments) -> Any:
        """Return a function's result in the paper's form."""
        key, type = arguments.header.output
        if self.result == "logits" and str(key) not in DISTRIBUTIONS:
            raise AdapterError(
                f"Algorithm {arguments.id} returns no probabilities: {key} has no logits"
            )
        array = to_numpy(value) if isinstance(type, Matrix) and self != SequenceForm() else None
        if array is None:  # the form changes nothing, or the verdict says what is wrong
            return value
        if self.batch is not None:
            array = self._member(array, arguments)
        array = self._turned(array)
        return _softmax(array) if self.result == "logits" and array.ndim == 2 else array

    def _members(self, arguments: Arguments) -> list[Arguments]:
        """Return the arguments for both sequences of a batch."""
        if not isinstance(arguments.header.output[1], Matrix):
            raise AdapterError(f"Algorithm {arguments.id} is not called with a batch")
        redrawn = arguments.redrawn(arguments.variation.seed + OTHER_SEED).runs
        pairs = zip(arguments.runs, redrawn, strict=True)
        other = replace(
            arguments, runs=tuple(replace(run, inputs=drawn.inputs) for run, drawn in pairs)
        )
        return [other, arguments] if arguments.variation.seed % MEMBERS else [arguments, other]

    def _member(self, array: Array, arguments: Arguments) -> Array:
        """Return the member of a batch's result that belongs to the arguments of the call."""
        axis = AXES[str(self.batch)]
        if not -array.ndim <= axis < array.ndim or array.shape[axis] != MEMBERS:
            raise AdapterError(
                f"the result has shape {array.shape}; its {self.batch} axis should be that of "
                f"the batch, which has {MEMBERS} members"
            )
        member: Array = np.take(array, arguments.variation.seed % MEMBERS, axis)
        return member

    def _turned(self, value: Any) -> Any:
        """Return a matrix with tokens as columns in the function's form, or back again."""
        if self.tokens == "rows" and getattr(value, "ndim", 0) == 2:
            return value.T
        return value


def numbers(arguments: Arguments) -> dict[str, Any]:
    """Return the arguments that are neither sequences, masks nor parameters: ε, τ, ℓ_gen."""
    inputs = {input_name(str(key), type) for key, type in arguments.header.inputs} | {"Mask"}
    return {
        name: value
        for name, value in arguments.named.items()
        if name not in inputs and not hasattr(value, "dtype") and not isinstance(value, tuple)
    }


def optional(arguments: Arguments) -> dict[str, Any]:
    """Return the arguments that a function may take besides the paper's: `rng` and `ell_gen`."""
    return {"rng": arguments.rng, "ell_gen": TURNS}


def _softmax(logits: Array) -> Array:
    """Return the distributions of columns of logits, in the same format."""
    exact = logits.astype(np.float64)
    powers = np.exp(exact - exact.max(axis=0, keepdims=True))
    distributions: Array = powers / powers.sum(axis=0, keepdims=True)
    return distributions.astype(logits.dtype)
