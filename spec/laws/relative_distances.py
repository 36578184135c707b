"""Laws of relative positions: of the numbers of distances, and of what is added for each."""

from dataclasses import replace

import numpy as np

from spec.inputs.array_conversion import Array
from spec.inputs.change_parameters import each, zero
from spec.laws.evaluated_case import LawCase, coarse
from spec.laws.law import law
from spec.machine import Value


@law("R4")
def the_column_depends_on_the_distance_alone(case: LawCase) -> str:
    """Both tokens may stand later by as much."""
    later = case.with_each_run(
        lambda run: replace(run, inputs=tuple(position + 3 for position in run.inputs))
    )
    return case.contradiction(later, "where both stand three positions later")


@law("R4")
def exchanged_tokens_have_the_mirrored_column(case: LawCase) -> str:
    """What is before from one side is as far behind from the other."""
    last = 2 * case.run.hyperparameters["k"]
    exchanged = case.with_each_run(lambda run: replace(run, inputs=run.inputs[::-1]))
    return case.contradiction(exchanged, "where both change places", lambda result: last - result)


@law("R5", "R6")
def a_vector_added_to_all_columns_of_A_k_changes_nothing(case: LawCase) -> str:
    """Softmax does not see what is added to all keys alike."""
    rounded = case.with_parameters(each("A_k", coarse))
    moved = rounded.with_parameters(each("A_k", lambda A_k: A_k + 0.5))
    return rounded.contradiction(moved, "where 1/2 is added to all entries of A_k")


@law("R5")
def a_vector_added_to_all_columns_of_A_v_is_added_to_the_result(case: LawCase) -> str:
    """The weights of a token that may attend to any sum to 1."""
    rounded = case.with_parameters(each("A_v", coarse))
    moved = rounded.with_parameters(each("A_v", lambda A_v: A_v + 0.5))
    attending = rounded.parameters["Mask"].any(axis=0)
    step = np.where(attending, 0.5, 0.0)
    # To add it rounds once more, an entry that is no larger than the result by the half.
    tolerance = rounded.tolerance + moved.tolerance
    return moved.mismatch(rounded.result + step, tolerance, "where 1/2 is added to all of A_v")


@law("R5", "R6")
def columns_for_distances_beyond_the_sequence_are_not_read(case: LawCase) -> str:
    """With k as large as the sequence is long, the outer columns of both tables may be any."""
    tokens = case.run.inputs[0].shape[1]
    wide = case.drawn({"k": tokens})
    other = wide.with_parameters(each("A_k A_v", _with_other_ends))
    return wide.contradiction(other, "where the outer columns of both tables are others")


@law("R10")
def without_queries_weights_fall_by_the_slope(case: LawCase) -> str:
    """Where W_q = 0 and b_q = 0, the weight of a token is exp(s) times that of the one before."""
    equal = case.with_parameters(zero("W_q b_q"))
    (X,), s = equal.run.inputs, equal.run.parameters[1]
    V = equal.parameters["W_v"] @ X + equal.parameters["b_v"]
    t = np.arange(X.shape[1])
    weights = np.exp(s * (t[:, None] - t)) * equal.parameters["Mask"]
    with np.errstate(invalid="ignore"):
        predicted = V @ (weights / weights.sum(axis=0)).astype(float)
    # V and the weights are sums of few numbers in float64, and no format is finer.
    return equal.mismatch(predicted, 2 * equal.tolerance, "where W_q = 0 and b_q = 0")


def _with_other_ends(table: Value) -> Array:
    """Return a table whose first and last columns are others."""
    changed = np.array(table)
    changed[:, [0, -1]] += 1
    return changed
