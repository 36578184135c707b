"""Laws of attention without exponentials: L1 and L2. Inputs are the queries, keys and values."""

import numpy as np

from spec.laws.evaluated_case import InapplicableError, LawCase, only
from spec.laws.law import law


@law("L1", "L2")
def the_first_token_gets_its_own_value(case: LawCase) -> str:
    """The first token sees itself alone: its column of Ṽ is its value."""
    _, _, V = case.run.inputs
    return case.mismatch(only([0], V), case.tolerance)


@law("L1", "L2")
def equal_values_come_back(case: LawCase) -> str:
    """Where all values are the first, every column of Ṽ is, too."""
    Q, K, V = case.run.inputs
    equal = case.with_inputs(Q, K, np.repeat(V[:, :1], V.shape[1], 1))
    return equal.mismatch(V[:, :1], equal.tolerance, "where all values are the first")


@law("L1", "L2")
def later_tokens_change_nothing(case: LawCase) -> str:
    """No token sees a later one: another last key and value change the last column alone."""
    Q, K, V = case.run.inputs
    if V.shape[1] == 1:
        raise InapplicableError("there is one token")
    _, other_K, other_V = case.redrawn.run.inputs
    K, V = (np.hstack([own[:, :-1], other[:, -1:]]) for own, other in ((K, other_K), (V, other_V)))
    where = "where the last key and value are others"
    return case.contradiction(
        case.with_inputs(Q, K, V), where, lambda result: only(slice(-1), result)
    )


@law("L1", "L2")
def means_lie_between_the_values(case: LawCase) -> str:
    """Each entry lies between the least and the largest of the values up to it."""
    _, _, V = case.run.inputs
    least, largest = np.minimum.accumulate(V, axis=1), np.maximum.accumulate(V, axis=1)
    return case.mismatch(np.clip(case.result, least, largest), case.tolerance)
