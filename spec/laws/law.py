"""A law: a sentence on an algorithm that can be put to anybody's function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from spec.calling.function_under_test import Subject
from spec.expected.result import computed
from spec.inputs.arguments import Given
from spec.laws.evaluated_case import Case, FailedError, InapplicableError

Statement = Callable[[Case], str]


@dataclass(frozen=True)
class Law:
    """A law.

    Attributes
    ----------
    id
        The law in a few words, as the name of a test.
    algorithms
        Of which algorithms it is a theorem, by their ids.
    statement
        The law in a sentence.
    shown
        Says of a function at given arguments in what the law fails.
    """

    id: str
    algorithms: tuple[str, ...]
    statement: str
    shown: Statement

    def holds(self, subject: Subject, given: Given) -> str:
        """Return in what the law fails of a function; nothing where it holds.

        Raises
        ------
        InapplicableError
            If it says nothing of these arguments, or of such a function.
        """
        return self.failing(Case(subject, given))

    def failing(self, case: Case) -> str:
        """Return the same of a case, which keeps what other laws need too.

        Raises
        ------
        InapplicableError
            If it says nothing of these arguments, or of such a function.
        """
        subject = case.subject
        if subject.adapter.departures:
            truth = Case(pseudocode(subject), case.given)
            if self._failing(truth):
                raise InapplicableError("a documented difference is one from this law")
        return self._failing(case)

    def _failing(self, case: Case) -> str:
        try:
            return self.shown(case)
        except FailedError as error:
            return str(error)


def law(*algorithms: int) -> Callable[[Statement], Law]:
    """Make a law of a function whose name and docstring state it."""

    def made(shown: Statement) -> Law:
        statement = " ".join((shown.__doc__ or "").split())
        return Law(shown.__name__, tuple(map(str, algorithms)), statement, shown)

    return made


def pseudocode(subject: Subject) -> Subject:
    """Return the pseudocode itself in place of a function, with the departures of its adapter."""

    def call(function: Callable[[Given], Any], given: Given) -> Any:
        return function(given)

    return replace(subject, function=_computed, adapter=replace(subject.adapter, call=call))


def _computed(given: Given) -> Any:
    (leaf,) = computed(given).leaves
    return leaf.entries if leaf.exact else leaf.entries.astype(given.format.dtype)
