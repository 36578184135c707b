"""A function at given arguments, and at arguments that a law derives from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from spec import symbols
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.verdict import Verdict
from spec.expected.result import (
    MULTIPLE,
    ExactResult,
    UndefinedResultError,
    exact_result,
    result_name,
)
from spec.expected.rounding_bounds import distinct_digits
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import Array
from spec.inputs.change_parameters import Fields, change_parameters, parameters_by_name
from spec.inputs.draw import Inputs
from spec.inputs.variations import SMALL, Variation
from spec.machine import Value
from spec.machine.trees import same

#: What is added to a seed where a law needs other numbers of the same sizes.
OTHER_SEED = 1000


class InapplicableError(Exception):
    """A law does not apply to a function or to its arguments; the message says why."""


class NoResultError(Exception):
    """The function returned no numbers to put a law to; the message says what it did instead."""


class LawCase:
    """A function at given arguments.

    `first` is the case from which this one was derived. If the function has several results, `part`
    is the one that the law is about, or an array in it: `W_qkv_bar.b_k`.
    """

    def __init__(
        self,
        function: FunctionUnderTest,
        arguments: Arguments,
        first: LawCase | None = None,
        part: str = "",
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.first = first or self
        self.part = part

    def of(self, part: str) -> LawCase:
        """Return the case with one of several results, by its name in Python: `X_bar`."""
        same = LawCase(self.function, self.arguments, self.first, part)
        for name in ("expected", "tolerance", "trial"):  # what has been computed
            if name in vars(self):
                vars(same)[name] = vars(self)[name]
        return same

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What each array of the result is called in the paper, by its name in Python."""
        header = self.arguments.header
        named = [result_name(header, array.path) for array in self.expected.arrays]
        return {_in_ascii(name): name for name in named}

    @cached_property
    def expected(self) -> ExactResult:
        """The exact result."""
        try:
            return exact_result(self.arguments)
        except UndefinedResultError as error:
            raise InapplicableError(str(error)) from error

    @cached_property
    def tolerance(self) -> float:
        """How far a correct function may be from the exact result."""
        try:
            # All cases that are derived from one share the draws of other numbers.
            return MULTIPLE * max(self.expected.own_error, self.first.expected.redrawn_error)
        except UndefinedResultError as error:
            raise InapplicableError(str(error)) from error

    @cached_property
    def trial(self) -> Trial:
        """A call of the function."""
        return self.function.call(self.expected)

    @cached_property
    def result(self) -> Array:
        """The function's result, in float64 or integers; of several the one that is meant."""
        trial = self.trial
        if trial.result is None or trial.verdict not in (Verdict.AGREES, Verdict.DIFFERS):
            raise NoResultError(trial.problem)
        arrays = dict(zip(self.names, trial.result.values(), strict=True))
        array = arrays[self.part or next(iter(arrays))]
        return array if array.dtype.kind in "iu" else array.astype(np.float64)

    @property
    def run(self) -> Inputs:
        """The arguments in the paper's form; of several tokens, those of the first."""
        return self.arguments.runs[0]

    @cached_property
    def parameters(self) -> Fields:
        """The parameters by their names in Python; of layers and heads, those of the first."""
        return parameters_by_name(self.run)

    @cached_property
    def redrawn(self) -> LawCase:
        """The function at arguments of the same sizes with other numbers."""
        seed = self.arguments.variation.seed + OTHER_SEED
        return LawCase(self.function, self.arguments.redrawn(seed), self.first, self.part)

    def drawn(self, sizes: Mapping[str, int] | None = None, **changes: Any) -> LawCase:
        """Return the function at arguments of other sizes, or of another number of tokens."""
        variation = self.arguments.variation
        variation = variation._replace(sizes={**variation.sizes, **(sizes or {})}, **changes)
        return LawCase(self.function, self.function.arguments(variation))

    # Changed arguments ----------------------------------------------------------------------------

    def with_runs(self, runs: Sequence[Inputs]) -> LawCase:
        """Return the function at changed arguments, if its adapter says that it can have them."""
        adapter = self.arguments.adapter
        for run in runs:
            if not same(_tree(adapter.inputs(run)), _tree(run)):
                raise InapplicableError(f"a function as {adapter.name} has no such arguments")
            for name, value in run.hyperparameters.items():
                if not same(adapter.values.get(name, value), value):
                    raise InapplicableError(f"{name} is {adapter.values[name]}")
        arguments = replace(self.arguments, runs=tuple(runs))
        return LawCase(self.function, arguments, self.first, self.part)

    def with_each_run(self, change: Callable[[Inputs], Inputs]) -> LawCase:
        """Return the function with the arguments of each token changed in the same way."""
        return self.with_runs([change(run) for run in self.arguments.runs])

    def with_parameters(self, change: Callable[[Fields], Fields]) -> LawCase:
        """Return the function with changed parameters: see `change_parameters`."""
        return self.with_each_run(lambda run: change_parameters(run, change))

    def with_inputs(self, *inputs: Value) -> LawCase:
        """Return the function with other inputs, in their order; the last may be left out."""
        return self.with_each_run(
            lambda run: replace(run, inputs=(*inputs, *run.inputs[len(inputs) :]))
        )

    def with_hyperparameters(self, values: dict[str, Value]) -> LawCase:
        """Return the function with other hyperparameters, by the paper's names."""
        return self.with_each_run(
            lambda run: replace(run, hyperparameters={**run.hyperparameters, **values})
        )

    # Comparisons ----------------------------------------------------------------------------------

    def contradiction(
        self, changed: LawCase, where: str, arranged: Callable[[Array], Array] | None = None
    ) -> str:
        """Say how the result at changed arguments contradicts the result here; empty if it agrees.

        `arranged` makes the predicted result of the result here, nan where nothing is predicted;
        without it both must be equal. `where` says what was changed: `where Z has another order`.
        Arguments that stay the same can contradict nothing: a text that is its own reverse, say.
        """
        if same(_runs(changed), _runs(self)):
            raise InapplicableError("the arguments stay the same")
        predicted = self.result if arranged is None else arranged(self.result)
        return changed.mismatch(predicted, self.tolerance + changed.tolerance, where)

    def mismatch(self, predicted: Array | float, tolerance: float, where: str = "") -> str:
        """Say where the result is not the predicted one; nan predicts nothing."""
        result = self.result
        predicted = np.broadcast_to(np.asarray(predicted), result.shape)
        if np.isnan(predicted).all():
            raise InapplicableError("nothing is predicted")
        with np.errstate(invalid="ignore"):
            errors = np.where(result == predicted, 0.0, np.abs(result - predicted))
        errors = np.where(np.isnan(predicted), 0.0, errors)
        if np.all(errors <= tolerance):
            return ""
        place = np.unravel_index(int(np.argmax(errors)), errors.shape)
        name = self.names[self.part or next(iter(self.names))]
        entry = f"{name}{[int(index) + 1 for index in place]}{' ' * bool(where)}{where}"
        times = f", {errors[place] / tolerance:.3g} times the tolerance" if tolerance else ""
        found, wanted = distinct_digits(float(result[place]), float(predicted[place]))
        return f"gives {found} for {entry}, not {wanted}{times}"


def law_case(function: FunctionUnderTest) -> LawCase:
    """Return a function at small sizes that all differ, where laws start from."""
    return LawCase(function, function.arguments(Variation("small sizes", SMALL)))


def _in_ascii(name: str) -> str:
    """Return the name of a result in Python: `W_qkv_bar.b_k` for `W̄_qkv.b_k`, `K_hat_1`."""
    glyph, dot, path = name.partition(".")
    ascii, place = symbols.ascii(glyph), glyph.rpartition("_")[2]
    if place.isdecimal():  # of a layer
        ascii = f"{ascii.rpartition('_')[0]}_{place}"
    return ascii + dot + path


def _runs(case: LawCase) -> list[tuple[Any, ...]]:
    return list(map(_tree, case.arguments.runs))


def _tree(run: Inputs) -> tuple[Any, ...]:
    return run.inputs, run.parameters, dict(run.hyperparameters)


def only(columns: Sequence[int] | slice | Array, result: Array) -> Array:
    """Return some columns of a result, and nan for all others, where nothing is predicted."""
    predicted = np.full(result.shape, np.nan)
    predicted[..., columns] = result[..., columns]
    return predicted


def coarse(array: Any) -> Any:
    """Return multiples of 1/16: the sum of two of them is exact in every format."""
    return np.round(array * 16) / 16
