"""Laws of steps that keep keys and values."""

from spec.laws.evaluated_case import InapplicableError, LawCase, only
from spec.laws.law import law


@law("K4", "K5", "K6")
def a_text_may_be_read_in_steps(case: LawCase) -> str:
    """A token, and then the others with what it has left, give what all give at once."""
    x, K, _, *others = case.run.inputs
    if len(x) == 1:
        raise InapplicableError("the text is one token")
    first = case.with_inputs(x[:1])
    grown = [first.of(f"{kept}_{place}") for kept in ("K_hat", "V_hat") for place in _places(K)]
    arrays = [one.result for one in grown]
    then = case.with_inputs(x[1:], arrays[: len(K)], arrays[len(K) :], *others)
    predicted = case.of("P").result[:, 1:]
    tolerance = case.tolerance + first.tolerance + then.tolerance
    return then.of("P").mismatch(predicted, tolerance, "where its first token was read before")


@law("K4", "K6")
def later_tokens_change_no_column_before(case: LawCase) -> str:
    """A column of P does not depend on tokens of x after its own."""
    x = case.run.inputs[0]
    if len(x) == 1:
        raise InapplicableError("the text is one token")
    N_V = len(case.result)
    changed = case.with_inputs([*x[:-1], 1 + x[-1] % N_V])
    where = "where the last token is another"
    return case.contradiction(changed, where, lambda result: only(slice(0, -1), result))


def _places(kept: list[object]) -> range:
    return range(1, len(kept) + 1)
