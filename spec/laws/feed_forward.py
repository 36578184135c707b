"""Laws of gated layers: F1, F2, and the models that call them."""

from spec.inputs.change_parameters import each, zero
from spec.laws.evaluated_case import InapplicableError, LawCase, only
from spec.laws.law import law


@law("F1", "F2")
def a_closed_gate_lets_nothing_through(case: LawCase) -> str:
    """Where W_gate = 0, the result is 0: SiLU and GELU of 0 are 0."""
    closed = case.with_parameters(zero("W_gate"))
    return closed.mismatch(0.0, closed.tolerance, "where W_gate = 0")


@law("F1", "F2")
def a_factor_of_what_is_let_through_is_one_of_the_result(case: LawCase) -> str:
    """A factor of W_mlp1, which no activation follows, is one of Y."""
    scaled = case.with_parameters(each("W_mlp1", lambda W: -2 * W))
    tolerance = 2 * case.tolerance + scaled.tolerance
    return scaled.mismatch(-2 * case.result, tolerance, "where W_mlp1 has the factor −2")


@law("F1", "F2")
def tokens_do_not_meet(case: LawCase) -> str:
    """What a token gets does not depend on the tokens beside it."""
    X = case.run.inputs[0].copy()
    if X.shape[1] == 1:
        raise InapplicableError("X is one token")
    X[:, 0] = case.redrawn.run.inputs[0][:, 0]
    where = "where X[:, 1] is another"
    return case.contradiction(
        case.with_inputs(X), where, lambda result: only(slice(1, None), result)
    )
