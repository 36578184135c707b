"""Laws of selectors: P1 and P2."""

import numpy as np

from spec.laws.evaluated_case import InapplicableError, LawCase, only
from spec.laws.law import law


@law("P1", "P2")
def tokens_and_their_selectors_may_change_places(case: LawCase) -> str:
    """Tokens may change places, rows and columns of A along with them, and what comes out."""
    A, *values = case.run.inputs
    if len(A) == 1:
        raise InapplicableError("there is one token")
    changed = case.with_inputs(A[::-1, ::-1], *(V[:, ::-1] for V in values))
    where = "where the tokens have the opposite order"
    # A column for each token, or an entry.
    places = (slice(None), slice(None, None, -1)) if values else slice(None, None, -1)
    return case.contradiction(changed, where, lambda result: result[places])


@law("P1")
def a_token_that_selects_nothing_gets_zeros(case: LawCase) -> str:
    """A token that selects nothing gets zeros, not nan, and not a mean of all."""
    A, V = case.run.inputs
    nothing = np.array(A)
    nothing[:, 0] = 0
    changed = case.with_inputs(nothing, V)
    predicted = only([0], np.zeros_like(changed.result, dtype=float))
    return changed.mismatch(predicted, changed.tolerance, "where A[:, 1] is 0")


@law("P1")
def a_token_that_selects_one_gets_its_value(case: LawCase) -> str:
    """A token that selects one token gets the value of that."""
    A, V = case.run.inputs
    places = np.roll(np.arange(len(A)), 1)
    changed = case.with_inputs((np.arange(len(A))[:, None] == places).astype(A.dtype), V)
    predicted = np.asarray(V, dtype=float)[:, places]
    where = "where each token selects the one before it, and the first the last"
    return changed.mismatch(predicted, changed.tolerance, where)


@law("P2")
def what_is_selected_and_what_is_not_are_all(case: LawCase) -> str:
    """The widths of a selector and of its opposite add up to the length of the sequence."""
    (A,) = case.run.inputs
    opposite = case.with_inputs(1 - A)
    tolerance = case.tolerance + opposite.tolerance
    return opposite.mismatch(len(A) - case.result, tolerance, "where A is 1 − A")
