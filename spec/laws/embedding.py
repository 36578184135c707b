"""Laws of Algorithms 1 and 2: a column of a matrix."""

from __future__ import annotations

from dataclasses import replace

from spec.laws.change_parameters import each, fields_of
from spec.laws.evaluated_case import InapplicableError, LawCase
from spec.laws.law import law

MATRIX = "W_e W_p"


@law(1, 2)
def the_same_token_gives_the_same_column(case: LawCase) -> str:
    """What stands beside a token, or a position, does not matter: the same gives the same."""
    (first,) = case.run.inputs
    then = case.with_inputs(first)
    return case.differs(then, "where all are the first", lambda found: found[:, :1])


@law(1, 2)
def a_factor_of_the_matrix_is_one_of_its_columns(case: LawCase) -> str:
    """A factor of W_e is one of e, and a factor of W_p one of e_p."""
    then = case.with_fields(each(MATRIX, lambda W: -2 * W))
    return case.differs(then, "where the matrix has the factor −2", lambda found: -2 * found)


@law(1, 2)
def columns_that_are_not_asked_for_change_nothing(case: LawCase) -> str:
    """The columns of W_e of other tokens, and those of W_p of other positions, change nothing."""
    asked = [run.inputs[0] - 1 for run in case.arguments.runs]
    other = fields_of(case.other, case.arguments.header)
    (name,) = other
    wanted = other[name]
    if len(set(asked)) == wanted.shape[1]:
        raise InapplicableError("every column is asked for")
    there = fields_of(case.run, case.arguments.header)[name]
    wanted[:, asked] = there[:, asked]
    then = case.with_fields(each(MATRIX, lambda _: wanted))
    return case.differs(then, "where columns that are not asked for are others")


@law(1, 2)
def columns_may_change_places(case: LawCase) -> str:
    """Columns may stand in the opposite order, if they are counted from the other end."""
    turned = case.with_fields(each(MATRIX, lambda W: W[:, ::-1]))
    (W,) = turned.run.parameters
    runs = [replace(run, inputs=(W.shape[1] + 1 - run.inputs[0],)) for run in turned.arguments.runs]
    then = turned.at(runs)
    return case.differs(then, "where all columns stand in the opposite order")
