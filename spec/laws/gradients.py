"""Laws of pullbacks: what a loss owes to the arguments of an algorithm."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from spec.inputs.change_parameters import each
from spec.inputs.draw import Inputs
from spec.language.header import BAR, Header
from spec.laws.evaluated_case import LawCase, only
from spec.laws.law import law
from spec.machine import Value


def takes_a_cotangent(header: Header) -> bool:
    """Say whether an algorithm is the pullback of another: its last input is a cotangent."""
    return header.id.startswith("∇") and _is_cotangent(header.inputs[-1][0].base)


def attends(header: Header) -> bool:
    """Say whether an algorithm is the pullback of one with a mask."""
    return takes_a_cotangent(header) and any(str(key) == "Mask" for key, _ in header.parameters)


@law(when=takes_a_cotangent)
def a_factor_of_the_cotangent_is_one_of_all_results(case: LawCase) -> str:
    """A pullback is linear: a factor of the cotangent that it is given is one of all results."""

    def scaled(run: Inputs) -> Inputs:
        *others, owed = run.inputs
        return replace(run, inputs=(*others, -2 * owed))

    changed = case.with_each_run(scaled)
    where = "where the cotangent has the factor −2"
    return _first(
        case.of(part).contradiction(changed.of(part), where, lambda result: -2 * result)
        for part in case.names
    )


@law(when=attends)
def what_is_masked_is_owed_nothing(case: LawCase) -> str:
    """A token that no token may attend to is owed nothing."""
    masked = case.with_parameters(each("Mask", lambda Mask: _with_zeros(Mask, 0))).of("Z_bar")
    zeros = np.zeros_like(masked.result)
    return masked.mismatch(only([0], zeros), masked.tolerance, "where Mask[1, :] is 0")


@law(when=attends)
def who_may_attend_to_nothing_is_owed_nothing(case: LawCase) -> str:
    """A token that may attend to nothing is owed nothing."""
    first = np.s_[:, 0]
    masked = case.with_parameters(each("Mask", lambda Mask: _with_zeros(Mask, first))).of("X_bar")
    zeros = np.zeros_like(masked.result)
    return masked.mismatch(only([0], zeros), masked.tolerance, "where Mask[:, 1] is 0")


@law(when=attends)
def b_k_is_owed_nothing(case: LawCase) -> str:
    """b_k adds the same number to all scores of a token, which softmax does not see."""
    (part,) = (name for name in case.names if name.endswith("b_k"))
    return case.of(part).mismatch(0.0, case.tolerance)


@law("∇4", "∇5", "∇6")
def an_offset_is_owed_the_sum(case: LawCase) -> str:
    """What is added to each column is owed the sum of all columns: b_v, b_o, and β."""
    part = {"∇4": "W_qkv_bar.b_v", "∇5": "W_bar.b_o", "∇6": "beta_bar"}[case.arguments.id]
    owed = case.run.inputs[-1]
    total = owed.sum(axis=1)
    if "Mask" in case.parameters:
        # b_v is not added to a token that may attend to nothing.
        seen = case.parameters["Mask"].any(axis=0) if part.endswith("b_v") else slice(None)
        total = owed[:, seen].sum(axis=1)
    return case.of(part).mismatch(total, 2 * case.tolerance)


@law("∇6")
def what_a_column_is_owed_sums_to_0(case: LawCase) -> str:
    """A number added to a column changes nothing: what its entries are owed sums to 0."""
    case = case.of("E_bar")
    return case.mismatch(case.result - case.result.mean(axis=0), case.tolerance)


@law("∇6")
def what_a_column_is_owed_does_not_change_its_length(case: LawCase) -> str:
    """Where ε = 0, a factor of a column changes nothing: what it is owed is orthogonal to it."""
    case = case.with_hyperparameters({"ε": 0.0}).of("E_bar")
    E = case.run.inputs[0]
    N = (E - E.mean(axis=0)) / E.std(axis=0)
    along = N * (N * case.result).mean(axis=0)
    scale = 1 + float(np.abs(N).max()) ** 2
    return case.mismatch(case.result - along, scale * case.tolerance, "(it is not orthogonal)")


@law("∇7")
def what_the_rows_of_W_u_are_owed_sums_to_0(case: LawCase) -> str:
    """A row added to all of W_u changes nothing: what the rows are owed sums to 0."""
    case = case.of("W_u_bar")
    rows = len(case.result)
    return case.mismatch(case.result - case.result.mean(axis=0), rows * case.tolerance)


@law("∇7")
def what_does_not_count_is_owed_nothing(case: LawCase) -> str:
    """Where a[t] = 0, X[:, t] is owed nothing."""
    y, a, X = case.run.inputs
    without = a.copy()
    without[0] = 0
    changed = case.with_inputs(y, without, X).of("X_bar")
    zeros = np.zeros_like(changed.result)
    return changed.mismatch(only([0], zeros), changed.tolerance, "where a[1] is 0")


@law("∇1")
def a_token_that_does_not_come_is_owed_nothing(case: LawCase) -> str:
    """A token that is not in x is owed nothing."""
    columns = case.run.parameters[0].shape[1]
    rest = [token - 1 for token in range(1, columns + 1) if token not in case.run.inputs[0]]
    return case.mismatch(only(rest, np.zeros_like(case.result)), case.tolerance)


@law("∇2")
def a_position_beyond_the_text_is_owed_nothing(case: LawCase) -> str:
    """A position after the last column of X̄ is owed nothing."""
    beyond = slice(case.run.inputs[0].shape[1], None)
    return case.mismatch(only(beyond, np.zeros_like(case.result)), case.tolerance)


def _is_cotangent(base: str) -> bool:
    return BAR in unicodedata.normalize("NFD", base)


def _with_zeros(Mask: Value, entries: Any) -> Value:
    """Return a mask that is 0 at some entries: a row, or a column."""
    changed = Mask.copy()
    changed[entries] = 0
    return changed


def _first(problems: Iterable[str]) -> str:
    """Return the first of several problems; "" if there is none."""
    return next(filter(None, problems), "")
