"""A law: a theorem about an algorithm that can be put to any function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import spec.laws
from spec import library
from spec.calling.function_under_test import FunctionUnderTest
from spec.expected.result import floating_point_result
from spec.inputs.arguments import Arguments, Function
from spec.inputs.draw import per_token
from spec.language.header import Header
from spec.language.types import N_V, Matrix, Tokens
from spec.laws.evaluated_case import InapplicableError, LawCase, NoResultError

Check = Callable[[LawCase], str]
_registered: list[Law] = []


@dataclass(frozen=True)
class Law:
    """A law: the algorithms about which it is a theorem, and a check of any function."""

    id: str  # the law in a few words, as the name of a test: `columns_sum_to_1`
    statement: str
    holds_of: Callable[[Header], bool]  # of an algorithm with such declarations
    check: Check  # says how a function breaks the law; empty if it does not

    @cached_property
    def algorithms(self) -> tuple[str, ...]:
        """The ids of the algorithms about which it is a theorem."""
        headers = (checked.header for checked in library.checked().values())
        return tuple(header.id for header in headers if self.holds_of(header))

    def failing(self, case: LawCase) -> str:
        """Say how a function breaks the law; empty if it does not.

        An InapplicableError says why it does not apply to such a function, or to these arguments.
        """
        function = case.function
        if function.adapter.departures:
            right = LawCase(pseudocode(function), case.arguments)
            if self._failing(right):
                raise InapplicableError("a documented difference breaks this law")
        return self._failing(case)

    def _failing(self, case: LawCase) -> str:
        try:
            return self.check(case)
        except NoResultError as error:
            return str(error)


def law(
    *algorithms: int | str, when: Callable[[Header], bool] | None = None
) -> Callable[[Check], Law]:
    """Make a law of a function whose name and docstring state it.

    It is a theorem about some algorithms, by number or id, or about every algorithm, the
    paper's or ours, whose declarations fulfil `when`.
    """
    ids = set(map(str, algorithms))

    def registered(check: Check) -> Law:
        statement = " ".join((check.__doc__ or "").split())
        holds_of = when or (lambda header: header.id in ids)
        _registered.append(Law(check.__name__, statement, holds_of, check))
        return _registered[-1]

    return registered


@cache
def all_laws() -> tuple[Law, ...]:
    """Return every law; each file of this folder registers its laws when it is imported."""
    for file in iter_modules(spec.laws.__path__):
        import_module(f"{spec.laws.__name__}.{file.name}")
    return tuple(_registered)


def laws(id: str) -> list[Law]:
    """Return the laws of an algorithm."""
    return [law for law in all_laws() if id in law.algorithms]


def takes_one_vector(header: Header) -> bool:
    """Say whether an algorithm takes vectors of one token, as Algorithm 6 does."""
    return per_token(header) and all(isinstance(type, Matrix) for _, type in header.inputs)


def returns_distributions(header: Header) -> bool:
    """Say whether an algorithm returns distributions on the vocabulary, made with its W_u."""
    _, output = header.output
    unembeds = any(str(key) == "W_u" for key in header.fields)
    return unembeds and isinstance(output, Matrix) and output.rows == N_V


def returns_probabilities(header: Header) -> bool:
    """Say whether an algorithm returns distributions on the vocabulary, or on classes."""
    _, output = header.output
    reads = any(isinstance(type, Tokens | Matrix) for _, type in header.inputs)
    return (
        reads
        and not header.distributions
        and isinstance(output, Matrix)
        and str(output.rows) in ("N_V", "N_C")
    )


def pseudocode(function: FunctionUnderTest) -> FunctionUnderTest:
    """Return the pseudocode itself in place of a function, with the departures of its adapter."""

    def call(_: Function, arguments: Arguments) -> Any:
        return floating_point_result(arguments).in_python(arguments.format.dtype)

    return replace(function, adapter=replace(function.adapter, call=call))
