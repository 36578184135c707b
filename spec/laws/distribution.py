"""Laws of algorithms that return distributions, on the vocabulary as 7 to 10, or on classes."""

from dataclasses import replace

import numpy as np

from spec.inputs.change_parameters import Fields, change_parameters, each, zero
from spec.inputs.draw import Inputs
from spec.language.types import Tokens
from spec.laws.evaluated_case import LawCase, coarse
from spec.laws.law import law, returns_distributions, returns_probabilities


@law(when=returns_probabilities)
def columns_sum_to_1(case: LawCase) -> str:
    """The probabilities of all tokens, or classes, add up to 1."""
    total = np.atleast_1d(case.result.sum(axis=0))
    farthest = float(total[np.argmax(np.abs(total - 1))])
    tolerance = len(case.result) * case.tolerance  # each entry may be off by the tolerance
    where = f"in a column that adds up to {farthest:.6g}"
    return case.mismatch(case.result + (1 - total), tolerance, where)


@law(when=returns_probabilities)
def probabilities_lie_between_0_and_1(case: LawCase) -> str:
    """No probability is less than 0 or more than 1."""
    return case.mismatch(np.clip(case.result, 0, 1), case.tolerance)


@law(when=returns_distributions)
def without_W_u_all_tokens_are_equally_likely(case: LawCase) -> str:
    """Where W_u = 0, every token has the probability 1 / N_V."""
    uniform = case.with_parameters(zero("W_u"))
    return uniform.mismatch(1 / len(uniform.result), uniform.tolerance, "where W_u = 0")


@law(when=returns_distributions)
def a_row_added_to_all_of_W_u_changes_nothing(case: LawCase) -> str:
    """A number added to all scores changes nothing: so does a row added to all rows of W_u."""
    before = case.with_parameters(each("W_u", coarse))
    row = coarse(case.redrawn.parameters["W_u"][:1])
    after = before.with_parameters(each("W_u", lambda W_u: W_u + row))
    return before.contradiction(after, "where a row is added to all rows of W_u")


@law(when=returns_distributions)
def the_vocabulary_may_stand_in_another_order(case: LawCase) -> str:
    """Tokens may be numbered otherwise: columns of W_e, rows of W_u and of P change places."""
    case, header = _with_every_token(case), case.arguments.header
    N_V = len(case.result)

    def reversed_parameters(fields: Fields) -> Fields:
        columns = each("W_e", lambda W_e: W_e[:, ::-1])
        return each("W_u", lambda W_u: W_u[::-1])(columns(fields))

    def reversed_vocabulary(run: Inputs) -> Inputs:
        run = change_parameters(run, reversed_parameters)
        inputs = tuple(
            [N_V + 1 - token for token in value] if isinstance(type, Tokens) else value
            for value, (_, type) in zip(run.inputs, header.inputs, strict=True)
        )
        return replace(run, inputs=inputs)

    where = "where the vocabulary has the opposite order"
    return case.contradiction(
        case.with_each_run(reversed_vocabulary), where, lambda result: result[::-1]
    )


def _with_every_token(case: LawCase) -> LawCase:
    """Return a function that reads every token of its vocabulary, if it reads any.

    Its vocabulary is as small as its shortest text is long. If it can have no such vocabulary, it
    reads tokens that lie as far apart as can be, with the first and the last among them.
    """
    header = case.arguments.header
    lengths = [
        len(value)
        for value, (_, type) in zip(case.run.inputs, header.inputs, strict=True)
        if isinstance(type, Tokens)
    ]
    if not lengths:
        return case
    case = case.drawn({"N_V": min(lengths)})
    N_V = case.arguments.all_sizes["N_V"]

    def spread(length: int) -> list[int]:
        return [round(token) for token in np.linspace(1, N_V, length)]

    return case.with_inputs(
        *(
            spread(len(value)) if isinstance(type, Tokens) else value
            for value, (_, type) in zip(case.run.inputs, header.inputs, strict=True)
        )
    )
