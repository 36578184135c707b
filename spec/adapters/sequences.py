"""Sequences with tokens for rows or columns, on their own or in a batch; and masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spec.adapters import options
from spec.adapters.array_libraries import as_numpy
from spec.adapters.options import Batch, Mask, Result, Tokens
from spec.expected.result import TURNS
from spec.inputs.adapter import AdapterError
from spec.inputs.arguments import Given
from spec.inputs.python_form import input_name
from spec.language.types import Bundle, Matrix

Array = npt.NDArray[Any]

AXES = {"first": 0, "second": 1, "last": -1}
MEMBERS = 2
#: The results that logits may stand for.
DISTRIBUTIONS = ("p", "P")
#: By how much the seed of the other member is another.
ELSEWHERE = 1000


@dataclass(frozen=True)
class Sequences:
    """How a function takes sequences, and returns one.

    Attributes
    ----------
    tokens
        What tokens are.
    batch
        Which axis is the batch, if there is one. It has two members: what is given, and other
        sequences of the same sizes. Which stands first changes with the seed.
    result
        What a function of distributions returns; of logits the softmax is taken.
    """

    tokens: Tokens = "columns"
    batch: Batch | None = None
    result: Result = "probabilities"

    def __post_init__(self) -> None:
        options.one_of("tokens", self.tokens, Tokens)
        options.one_of("result", self.result, Result)
        if self.batch is not None:
            options.one_of("batch", self.batch, Batch)

    def handed(self, given: Given) -> dict[str, Any]:
        """Return the inputs that are sequences or tokens."""
        members = [given] if self.batch is None else self.members(given)
        found: dict[str, Any] = {}
        for key, type in given.header.inputs:
            if isinstance(type, Bundle):
                continue
            name = input_name(str(key), type)
            each = [self.turned(one.named[name]) for one in members]
            found[name] = each[0] if self.batch is None else np.stack(each, AXES[self.batch])
        return found

    def members(self, given: Given) -> list[Given]:
        """Return what is given, and the same with other inputs, in the order of the batch.

        Raises
        ------
        AdapterError
            If the algorithm is one that no batch is known of.
        """
        if not isinstance(given.header.output[1], Matrix):
            raise AdapterError(f"Algorithm {given.id} is not called with a batch")
        elsewhere = given.redrawn(given.variation.seed + ELSEWHERE).runs
        runs = zip(given.runs, elsewhere, strict=True)
        other = replace(
            given, runs=tuple(replace(one, inputs=another.inputs) for one, another in runs)
        )
        return [other, given] if self.place(given) else [given, other]

    def place(self, given: Given) -> int:
        """Return where in the batch the arguments stand."""
        return given.variation.seed % MEMBERS

    def turned(self, value: Any) -> Any:
        """Return a matrix with tokens for columns as the function has it, or back again."""
        if self.tokens == "rows" and getattr(value, "ndim", 0) == 2:
            return value.T
        return value

    def returned(self, value: Any, given: Given) -> Any:
        """Return what a function returned in the paper's form.

        Raises
        ------
        AdapterError
            If there is no batch in it, or there should be logits where the paper has none.
        """
        key, type = given.header.output
        if self.result == "logits" and str(key) not in DISTRIBUTIONS:
            raise AdapterError(
                f"Algorithm {given.id} returns no probabilities: {key} has no logits"
            )
        if not isinstance(type, Matrix):
            return value
        try:
            array = as_numpy(value)
        except TypeError:
            return value  # the verdict says what it is not
        if self.batch is not None:
            array = self.member(array, given)
        array = self.turned(array)
        return softmax(array) if self.result == "logits" and array.ndim == 2 else array

    def member(self, array: Array, given: Given) -> Array:
        """Return the result for what is given.

        Raises
        ------
        AdapterError
            If the batch has no axis of its own in the result.
        """
        axis = AXES[str(self.batch)]
        if not -array.ndim <= axis < array.ndim or array.shape[axis] != MEMBERS:
            raise AdapterError(
                f"the result has shape {array.shape}; its {self.batch} axis should be that of "
                f"the batch, which has {MEMBERS} members"
            )
        member: Array = np.take(array, self.place(given), axis)
        return member

    def mask(self, given: Given, form: Mask) -> dict[str, Array]:
        """Return the mask, if the algorithm has one and the function takes it."""
        if "Mask" not in given.named or form in ("causal", "none"):
            return {}
        drawn = self.turned(given.named["Mask"])
        if form == "additive":
            return {"Mask": np.where(drawn, 0.0, -np.inf).astype(given.format.dtype)}
        return {"Mask": ~drawn if form == "masked" else drawn}


def others(given: Given) -> dict[str, Any]:
    """Return what is given besides sequences, masks and parameters: ε, τ, how many tokens."""
    names = {input_name(str(key), type) for key, type in given.header.inputs} | {"Mask"}
    return {
        name: value
        for name, value in given.named.items()
        if name not in names and not hasattr(value, "dtype") and not isinstance(value, tuple)
    }


def spare(given: Given) -> Mapping[str, Any]:
    """Return what a function may take that the algorithm does not: a source of random numbers."""
    return {"rng": given.rng, "ell_gen": TURNS}


def softmax(logits: Array) -> Array:
    """Return distributions, of columns of logits, in the same format."""
    exact = logits.astype(np.float64)
    powers = np.exp(exact - exact.max(axis=0, keepdims=True))
    found: Array = powers / powers.sum(axis=0, keepdims=True)
    return found.astype(logits.dtype)
