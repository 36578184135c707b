"""Laws of what takes tokens out of a distribution: S1, S2, S4 and S5."""

import numpy as np

from spec.laws.evaluated_case import LawCase
from spec.laws.law import law


@law("S1", "S2", "S4", "S5")
def what_stays_keeps_its_probability(case: LawCase) -> str:
    """Each token has the weight 0, or its probability."""
    return case.mismatch(np.where(case.result == 0, 0.0, _probabilities(case)), case.tolerance)


@law("S1", "S2", "S4")
def the_likeliest_token_stays(case: LawCase) -> str:
    """A token that no other surpasses keeps its probability."""
    p = _probabilities(case)
    return case.mismatch(np.where(p == p.max(), p, np.nan), case.tolerance)


@law("S1", "S2", "S4")
def what_surpasses_a_token_that_stays_stays(case: LawCase) -> str:
    """A token that is likelier than one that stays keeps its probability."""
    p = _probabilities(case)
    least = p[case.result > 0].min(initial=np.inf)
    return case.mismatch(np.where(p >= least, p, np.nan), case.tolerance)


@law("S1", "S2", "S4")
def tokens_may_be_numbered_otherwise(case: LawCase) -> str:
    """Where the vocabulary has the opposite order, so has the result."""
    (p,) = case.run.inputs
    where = "where the vocabulary has the opposite order"
    return case.contradiction(case.with_inputs(p[::-1]), where, lambda result: result[::-1])


@law("S1")
def with_k_the_vocabulary_nothing_changes(case: LawCase) -> str:
    """With k = N_V every token keeps its probability."""
    p = _probabilities(case)
    every = case.with_hyperparameters({"k": len(p)})
    return every.mismatch(p, every.tolerance, "where k is N_V")


def _probabilities(case: LawCase) -> np.ndarray:
    return np.asarray(case.run.inputs[0][:, 0], dtype=float)
