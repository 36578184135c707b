"""Laws of attention sinks: of a score of nobody, and of tokens that stay in a cache."""

import numpy as np

from spec.inputs.change_parameters import each
from spec.laws.evaluated_case import InapplicableError, LawCase
from spec.laws.law import law


@law("C2")
def nobody_gets_what_a_token_of_its_score_would(case: LawCase) -> str:
    """Where K = 0, what n tokens give is the sum of their values, divided by n + exp(σ)."""
    Q, K, V = case.run.inputs
    equal = case.with_inputs(Q, 0 * K, V)
    Mask = case.parameters["Mask"]
    predicted = V @ Mask / (Mask.sum(axis=0) + np.exp(float(case.parameters["sigma"])))
    # V @ Mask is a sum of few numbers in float64, and no format is finer.
    return equal.mismatch(predicted, 2 * equal.tolerance, "where K = 0")


@law("C2")
def a_low_score_of_nobody_gives_it_nothing(case: LawCase) -> str:
    """Where σ = −1000 and all values of a token are 1, one that may attend to any gets 1."""
    Q, K, V = case.run.inputs
    alone = case.with_inputs(Q, K, np.ones_like(V))
    alone = alone.with_parameters(each("sigma", lambda _: -1000.0))
    seen = np.asarray(alone.parameters["Mask"].any(axis=0))
    if not seen.any():
        raise InapplicableError("no token may attend to any")
    predicted = np.broadcast_to(np.where(seen, 1.0, np.nan), case.result.shape)
    return alone.mismatch(predicted, alone.tolerance, "where σ = −1000 and V is 1")


@law("H10")
def sinks_stand_as_near_as_in_a_short_text(case: LawCase) -> str:
    """Where k = 1 and w = 1, the last column is that of a text of the first token and the last."""
    case = case.drawn({"ℓ": 5})
    X, K, V = case.run.inputs
    turning = 2 * len(case.parameters["omega"])
    own = np.arange(len(K)) < turning  # of the key that stands elsewhere in the short text
    K = np.where(own[:, None] & (np.arange(K.shape[1]) == K.shape[1] - 1), 0.0, K)
    values = {"k": 1, "w": 1}
    long = case.with_inputs(X, K, V).with_hyperparameters(values)
    ends = [0, -1]
    short = case.with_inputs(X[:, ends], K[:, ends], V[:, ends]).with_hyperparameters(values)
    predicted = np.full(long.result.shape, np.nan)
    predicted[:, -1] = short.result[:, -1]
    where = "where k = 1, w = 1, and three tokens stand between the first and the last"
    return long.mismatch(predicted, long.tolerance + short.tolerance, where)
