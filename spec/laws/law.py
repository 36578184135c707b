"""A law: a sentence on an algorithm that can be put to anybody's function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spec import library
from spec.calling.function_under_test import FunctionUnderTest
from spec.expected.result import floating_point_result
from spec.inputs.arguments import Arguments
from spec.inputs.python_form import per_token
from spec.language.header import Header
from spec.language.types import N_V, Matrix
from spec.laws.evaluated_case import FailedError, InapplicableError, LawCase

Check = Callable[[LawCase], str]
#: Every law, in the order of its definition.
LAWS: list[Law] = []


@dataclass(frozen=True)
class Law:
    """A law.

    Attributes
    ----------
    id
        The law in a few words, as the name of a test: `columns_sum_to_1`.
    statement
        The law in a sentence.
    holds_of
        Says whether it is a theorem of an algorithm, by the algorithm's declarations.
    check
        Says in which way the law fails of a function; nothing where it holds.
    """

    id: str
    statement: str
    holds_of: Callable[[Header], bool]
    check: Check

    @cached_property
    def algorithms(self) -> tuple[str, ...]:
        """The ids of the algorithms that it is a theorem of."""
        headers = (checked.header for checked in library.checked().values())
        return tuple(header.id for header in headers if self.holds_of(header))

    def failing(self, case: LawCase) -> str:
        """Say in which way the law fails of a function; nothing where it holds.

        Raises
        ------
        InapplicableError
            If it says nothing of these arguments, or of such a function.
        """
        function = case.function
        if function.adapter.departures:
            truth = LawCase(pseudocode(function), case.arguments)
            if self._failing(truth):
                raise InapplicableError("a documented difference is one from this law")
        return self._failing(case)

    def _failing(self, case: LawCase) -> str:
        try:
            return self.check(case)
        except FailedError as error:
            return str(error)


def law(*algorithms: int, when: Callable[[Header], bool] | None = None) -> Callable[[Check], Law]:
    """Make a law of a function whose name and docstring state it.

    Parameters
    ----------
    algorithms
        The algorithms of the paper that it is a theorem of.
    when
        Or: says whether it is a theorem of an algorithm, the paper's or ours.
    """
    ids = set(map(str, algorithms))

    def made(check: Check) -> Law:
        statement = " ".join((check.__doc__ or "").split())
        holds_of = when or (lambda header: header.id in ids)
        LAWS.append(Law(check.__name__, statement, holds_of, check))
        return LAWS[-1]

    return made


def takes_one_vector(header: Header) -> bool:
    """Say whether an algorithm takes one vector, as Algorithm 6: Python's columns are many."""
    return per_token(header) and all(isinstance(type, Matrix) for _, type in header.inputs)


def returns_distributions(header: Header) -> bool:
    """Say whether an algorithm returns distributions on the vocabulary, made by its W_u."""
    _, output = header.output
    unembeds = any(str(key) == "W_u" for key in header.fields)
    return unembeds and isinstance(output, Matrix) and output.rows == N_V


def pseudocode(function: FunctionUnderTest) -> FunctionUnderTest:
    """Return the pseudocode itself in place of a function, with the departures of its adapter."""

    def call(function: Callable[[Arguments], Any], arguments: Arguments) -> Any:
        return function(arguments)

    return replace(function, function=_computed, adapter=replace(function.adapter, call=call))


def _computed(arguments: Arguments) -> Any:
    (array,) = floating_point_result(arguments).arrays
    return array.entries if array.exact else array.entries.astype(arguments.format.dtype)
