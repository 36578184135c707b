"""Laws of Algorithms 7 to 10: what comes out is a distribution on the vocabulary."""

from __future__ import annotations

import numpy as np

from spec.laws.change_parameters import coarse, each, fields_of, zero
from spec.laws.evaluated_case import LawCase
from spec.laws.law import law, returns_distributions


@law(when=returns_distributions)
def columns_sum_to_1(case: LawCase) -> str:
    """The probabilities of all tokens add up to 1."""
    total = case.result.sum(axis=0)
    most = float(total[np.argmax(np.abs(total - 1))])
    far = len(case.result) * case.tolerance  # every entry may be that far from what it must be
    return case.apart(case.result + (1 - total), far, f"in a column that adds up to {most:.6g}")


@law(when=returns_distributions)
def probabilities_lie_between_0_and_1(case: LawCase) -> str:
    """No probability is less than 0 or more than 1."""
    return case.apart(np.clip(case.result, 0, 1), case.tolerance)


@law(when=returns_distributions)
def without_W_u_all_tokens_are_equally_likely(case: LawCase) -> str:
    """Where W_u = 0, every token has the probability 1 / N_V."""
    then = case.with_fields(zero("W_u"))
    return then.apart(1 / len(then.result), then.tolerance, "where W_u = 0")


@law(when=returns_distributions)
def a_row_added_to_all_of_W_u_changes_nothing(case: LawCase) -> str:
    """A number added to all scores changes nothing: so does a row added to all rows of W_u."""
    before = case.with_fields(each("W_u", coarse))
    row = coarse(fields_of(case.other, case.arguments.header)["W_u"][:1])
    then = before.with_fields(each("W_u", lambda W_u: W_u + row))
    return before.differs(then, "where a row is added to all rows of W_u")


@law(7)
def rows_of_W_u_may_change_places(case: LawCase) -> str:
    """Rows of W_u may change places, the entries of p along with them."""
    then = case.with_fields(each("W_u", lambda W_u: W_u[::-1]))
    where = "where W_u has its rows in the opposite order"
    return case.differs(then, where, lambda found: found[::-1])
