"""A function at given arguments, and at others that a law derives from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spec.calling.function_under_test import FunctionUnderTest
from spec.calling.verdict import Verdict
from spec.expected.result import ExactResult, UndefinedResultError, exact_result
from spec.inputs.arguments import Arguments
from spec.inputs.draw import Inputs
from spec.laws.change_parameters import Fields, in_bundles
from spec.machine import Value
from spec.machine.trees import same

Array = npt.NDArray[Any]

#: What is added to a seed where a law needs other numbers of the same sizes.
OTHER = 1000


class InapplicableError(Exception):
    """A law says nothing here; the message says why."""


class FailedError(Exception):
    """The function gave no numbers that a law could be about; the message says what it did."""


class LawCase:
    """A function at given arguments.

    Attributes
    ----------
    function
        The function.
    arguments
        The arguments.
    first
        The case that this one was derived from.
    """

    def __init__(
        self, function: FunctionUnderTest, arguments: Arguments, first: LawCase | None = None
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.first = first or self

    @cached_property
    def expected(self) -> ExactResult:
        """The exact result."""
        try:
            return exact_result(self.arguments)
        except UndefinedResultError as error:
            raise InapplicableError(str(error)) from error

    @cached_property
    def tolerance(self) -> float:
        """How far a correct function may be from what the algorithm has for its value."""
        try:
            # Other draws of the same sizes are the same for all that is derived from one case.
            return self.expected.multiple * max(
                self.expected.own_error, self.first.expected.redrawn_error
            )
        except UndefinedResultError as error:
            raise InapplicableError(str(error)) from error

    @cached_property
    def result(self) -> Array:
        """What the function gives, in float64 or integers."""
        trial = self.function.call(self.expected)
        if trial.result is None or trial.verdict not in (Verdict.AGREES, Verdict.DIFFERS):
            raise FailedError(trial.problem)
        (found,) = trial.result.values()
        return found if found.dtype.kind in "iu" else found.astype(np.float64)

    @property
    def run(self) -> Inputs:
        """The arguments in the paper's form, of the first token where they are for many."""
        return self.arguments.runs[0]

    @cached_property
    def other(self) -> Inputs:
        """Arguments of the same sizes, and with other numbers."""
        return self.arguments.redrawn(self.arguments.variation.seed + OTHER).runs[0]

    # Other arguments ------------------------------------------------------------------------------

    def at(self, runs: Sequence[Inputs]) -> LawCase:
        """Return the function at other arguments.

        Raises
        ------
        InapplicableError
            If it cannot have them: what its adapter says it can have is something else.
        """
        adapter = self.arguments.adapter
        for run in runs:
            if not same(_arguments(adapter.inputs(run)), _arguments(run)):
                raise InapplicableError(f"a function as {adapter.name} has no such arguments")
            for name, value in run.hyperparameters.items():
                if adapter.values.get(name, value) != value:
                    raise InapplicableError(f"{name} is {adapter.values[name]}")
        return LawCase(self.function, replace(self.arguments, runs=tuple(runs)), self.first)

    def changed(self, change: Callable[[Inputs], Inputs]) -> LawCase:
        """Return the function at other arguments: of each token, where they are for many."""
        return self.at([change(run) for run in self.arguments.runs])

    def with_fields(self, change: Callable[[Fields], Fields]) -> LawCase:
        """Return the function with other parameters: see `in_bundles`."""
        return self.changed(lambda run: in_bundles(run, self.arguments.header, change))

    def with_inputs(self, *inputs: Value) -> LawCase:
        """Return the function with other inputs, in their order."""
        return self.changed(lambda run: replace(run, inputs=(*inputs, *run.inputs[len(inputs) :])))

    def with_hyperparameters(self, values: dict[str, Value]) -> LawCase:
        """Return the function with other hyperparameters, by the paper's names."""
        return self.changed(
            lambda run: replace(run, hyperparameters={**run.hyperparameters, **values})
        )

    # What is compared -----------------------------------------------------------------------------

    def differs(
        self, then: LawCase, where: str, arranged: Callable[[Array], Array] | None = None
    ) -> str:
        """Say in what the result at other arguments is not what the result here lets it be.

        Parameters
        ----------
        then
            The function at the other arguments.
        where
            What is other about them, to follow a number: `where Z has another order`.
        arranged
            Makes of the result here the one that must be there, nan where nothing is said of it.
            By default they must be the same.
        """
        wanted = self.result if arranged is None else arranged(self.result)
        return then.apart(wanted, self.tolerance + then.tolerance, where)

    def apart(self, wanted: Array | float, tolerance: float, where: str = "") -> str:
        """Say in what the result is not what it must be, nan where nothing is said of it."""
        found = self.result
        wanted = np.broadcast_to(np.asarray(wanted), found.shape)
        with np.errstate(invalid="ignore"):
            errors = np.where(found == wanted, 0.0, np.abs(found - wanted))
        errors = np.where(np.isnan(wanted), 0.0, errors)
        if np.all(errors <= tolerance):
            return ""
        place = np.unravel_index(int(np.argmax(errors)), errors.shape)
        key, _ = self.arguments.header.output
        entry = f"{key}{[int(at) + 1 for at in place]}{' ' * bool(where)}{where}"
        far = f", {errors[place] / tolerance:.3g} times the tolerance" if tolerance else ""
        return f"gives {found[place]:.6g} for {entry}, not {float(wanted[place]):.6g}{far}"


def _arguments(run: Inputs) -> tuple[Any, ...]:
    return run.inputs, run.parameters, dict(run.hyperparameters)


def only(columns: Sequence[int] | slice | Array, wanted: Array) -> Array:
    """Return what is said of some columns, and nan for the others, of which nothing is said."""
    found = np.full(wanted.shape, np.nan)
    found[..., columns] = wanted[..., columns]
    return found
