"""Laws of gated layers: F1, F2, and F3, a mixture of them."""

from spec.inputs.change_parameters import Fields, each, zero
from spec.laws.evaluated_case import InapplicableError, LawCase, only
from spec.laws.law import law


@law("F1", "F2", "F3")
def a_closed_gate_lets_nothing_through(case: LawCase) -> str:
    """Where W_gate = 0, the result is 0: SiLU and GELU of 0 are 0."""
    closed = case.with_parameters(zero("W_gate"))
    return closed.mismatch(0.0, closed.tolerance, "where W_gate = 0")


@law("F1", "F2", "F3")
def a_factor_of_what_is_let_through_is_one_of_the_result(case: LawCase) -> str:
    """A factor of W_mlp1, which no activation follows, is one of Y."""
    scaled = case.with_parameters(each("W_mlp1", lambda W: -2 * W))
    tolerance = 2 * case.tolerance + scaled.tolerance
    return scaled.mismatch(-2 * case.result, tolerance, "where W_mlp1 has the factor −2")


@law("F1", "F2", "F3")
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


@law("F3")
def layers_of_a_mixture_may_change_places(case: LawCase) -> str:
    """Layers may change places, the rows of W_r along with them."""

    def reversed_layers(fields: Fields) -> Fields:
        turned = {name: value[::-1] for name, value in fields.items() if isinstance(value, list)}
        return {**each("W_r", lambda W: W[::-1])(fields), **turned}

    changed = case.with_parameters(reversed_layers)
    return case.contradiction(changed, "where the layers have the opposite order")


@law("F3")
def among_equal_layers_the_router_does_not_matter(case: LawCase) -> str:
    """Where all layers are the first, the weights of a token sum to 1, whatever W_r is."""

    def equal(fields: Fields) -> Fields:
        return {
            name: value[:1] * len(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }

    before = case.with_parameters(equal)
    changed = before.with_parameters(each("W_r", lambda W: -2 * W))
    return before.contradiction(changed, "where W_r has the factor −2")
