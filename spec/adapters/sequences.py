"""Sequences with tokens as rows or columns, alone or in a batch; masks; results."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spec.adapters.options import Batch, Mask, Masks, Result, Tokens, require_allowed
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import Array, to_numpy
from spec.inputs.change_parameters import change_parameters, each, parameters_by_name
from spec.inputs.draw import Inputs
from spec.inputs.python_form import input_name
from spec.inputs.variations import TURNS
from spec.language.types import Bundle, Matrix

#: The axes of a batch, by the values of the option `batch`.
AXES = {"first": 0, "second": 1, "last": -1}
#: What is added to the seed for each other sequence of a batch.
OTHER_SEED = 1000
#: The results that may be logits, by the paper's names.
DISTRIBUTIONS = ("p", "P")


@dataclass(frozen=True)
class SequenceForm:
    """The form in which a function takes sequences, and returns its result, by options of `layout`.

    A batch has the sequence of the call, and others of the same sizes: the variation says how many,
    and the seed at which place that of the call stands. They share its mask unless masks are
    batched.
    """

    tokens: Tokens = "columns"
    batch: Batch | None = None
    result: Result = "probabilities"
    masks: Masks = "shared"

    def __post_init__(self) -> None:
        require_allowed("tokens", self.tokens, Tokens)
        require_allowed("result", self.result, Result)
        if self.batch is not None:
            require_allowed("batch", self.batch, Batch)
        require_allowed("masks", self.masks, Masks)
        if self.masks != "shared" and self.batch is None:
            raise AdapterError(
                f"masks are {self.masks}, but sequences are not: say which axis is the batch"
            )

    def sequences(self, arguments: Arguments) -> dict[str, Any]:
        """Return the inputs that are sequences of vectors or of tokens, by name."""
        members = self._members(arguments)
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
        if self.masks != "shared":
            members = self._members(arguments)
            drawn = np.stack([self._turned(member.named["Mask"]) for member in members])
        if self.masks == "batched with heads":
            drawn = drawn[:, None]
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
        """Return the arguments for each sequence of a batch, or those of the call alone."""
        if self.batch is None:
            return [arguments]
        if not isinstance(arguments.header.output[1], Matrix):
            raise AdapterError(f"Algorithm {arguments.id} is not called with a batch")
        seed, members = arguments.variation.seed, arguments.variation.members
        others = [arguments.redrawn(seed + OTHER_SEED * place) for place in range(1, members)]
        batch = [self._beside(arguments, other) for other in others]
        batch.insert(_place(arguments), arguments)
        return batch

    def _beside(self, arguments: Arguments, other: Arguments) -> Arguments:
        """Return arguments with the inputs of others, and their mask if each has one of its own."""
        pairs = zip(arguments.runs, other.runs, strict=True)
        return replace(arguments, runs=tuple(self._member_run(*pair) for pair in pairs))

    def _member_run(self, run: Inputs, other: Inputs) -> Inputs:
        member = replace(run, inputs=other.inputs)
        if self.masks == "shared":
            return member
        Mask = parameters_by_name(other).get("Mask")
        return change_parameters(member, each("Mask", lambda _: Mask))

    def _member(self, array: Array, arguments: Arguments) -> Array:
        """Return the member of a batch's result that belongs to the arguments of the call."""
        axis, members = AXES[str(self.batch)], arguments.variation.members
        if not -array.ndim <= axis < array.ndim or array.shape[axis] != members:
            raise AdapterError(
                f"the result has shape {array.shape}; its {self.batch} axis should be that of "
                f"the batch, which has {members} members"
            )
        member: Array = np.take(array, _place(arguments), axis)
        return member

    def _turned(self, value: Any) -> Any:
        """Return a matrix with tokens as columns in the function's form, or back again."""
        if self.tokens == "rows" and getattr(value, "ndim", 0) == 2:
            return value.T
        return value


def _place(arguments: Arguments) -> int:
    """Return the place of the sequence of the call in its batch: not always the first."""
    return (arguments.variation.seed + 1) % arguments.variation.members


def numbers(arguments: Arguments) -> dict[str, Any]:
    """Return the arguments that are neither sequences, masks nor parameters: ε, τ, ℓ_gen, w_l."""
    inputs = {input_name(str(key), type) for key, type in arguments.header.inputs} | {"Mask"}
    return {
        name: value
        for name, value in arguments.named.items()
        if name not in inputs and not hasattr(value, "dtype") and not hasattr(value, "_fields")
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
