"""Laws of Algorithms 14 and 15: a trained θ writes."""

from contextlib import suppress
from dataclasses import replace

from spec.inputs.array_conversion import Array
from spec.inputs.change_parameters import each
from spec.laws.evaluated_case import InapplicableError, LawCase
from spec.laws.law import law

#: With how many seeds of random numbers the drawn tokens are compared.
SEEDS = 2
#: A temperature that leaves little to chance, and at which no power underflows.
COLD = 1 / 16


@law(14, 15)
def what_is_written_are_tokens_of_the_vocabulary(case: LawCase) -> str:
    """Every token written is one of the vocabulary."""
    N_V = case.parameters["W_u"].shape[0]
    return case.mismatch(case.result.clip(0, N_V - 1), 0)


@law(14)
def a_longer_continuation_begins_with_the_shorter(case: LawCase) -> str:
    """With the same random numbers, ℓ_gen tokens begin with the ℓ_gen − 1 of a shorter text."""
    ell_gen = case.run.hyperparameters["ℓ_gen"]
    if ell_gen == 1:
        raise InapplicableError("the continuation is one token")
    for longer in _with_seeds(case):
        shorter = longer.with_hyperparameters({"ℓ_gen": ell_gen - 1})
        where = f"where ℓ_gen is {ell_gen - 1}"
        if problem := _other_text(shorter, longer.result[: ell_gen - 1], where):
            return problem
    return ""


@law(14, 15)
def the_temperature_divides_the_scores(case: LawCase) -> str:
    """A factor of W_u and of τ changes nothing: q ∝ p^{1/τ} is softmax(W_u X / τ)."""
    for before in _with_seeds(case):
        sharper = before.with_parameters(each("W_u", lambda W_u: 4 * W_u))
        after = sharper.with_hyperparameters({"τ": 4 * before.run.hyperparameters["τ"]})
        if problem := _other_text(after, before.result, "where W_u and τ have the factor 4"):
            return problem
    return ""


@law(14, 15)
def when_it_is_cold_chance_changes_nothing(case: LawCase) -> str:
    """At a low temperature the most likely token is drawn, whatever the random numbers."""
    cold = case.with_hyperparameters({"τ": COLD})
    sharp = cold.with_parameters(each("W_u", lambda W_u: 4 * W_u))
    first, *others = _with_seeds(sharp)
    if not others:
        raise InapplicableError("rounding decides which token is drawn")
    for other in others:
        if other.expected.decisions != first.expected.decisions:
            raise InapplicableError("two tokens are about as likely")
        where = "with other random numbers where τ is 1/16"
        if problem := _other_text(other, first.result, where):
            return problem
    return ""


@law(15)
def a_text_begins_with_bos_token(case: LawCase) -> str:
    """The first token is bos_token."""
    predicted = case.result.copy()
    predicted[0] = case.run.hyperparameters["bos_token"] - 1
    return case.mismatch(predicted, 0)


@law(15)
def a_text_ends_with_the_first_eos_token(case: LawCase) -> str:
    """If the first or the second token drawn is eos_token, the text ends there."""
    tried = 0
    for before in _with_seeds(case):
        for length in (2, 3):
            text = before.result[:length]
            if len(text) < length or text[-1] in text[1:-1]:
                continue
            after = before.with_hyperparameters({"eos_token": int(text[-1]) + 1})
            tried += 1
            if problem := _other_text(after, text, "where the last of these is eos_token"):
                return problem
    if not tried:
        raise InapplicableError("no text is long enough")
    return ""


def _with_seeds(case: LawCase) -> list[LawCase]:
    """Return a function with the random numbers of several seeds.

    Seeds with which rounding decides what token is drawn are left out.
    """
    cases = []
    for seed in range(SEEDS):
        variation = case.arguments.variation
        variation = variation._replace(seed=variation.seed + seed)
        arguments = replace(case.arguments, variation=variation)
        seeded = LawCase(case.function, arguments, case.first)
        with suppress(InapplicableError):
            _ = seeded.tolerance
            cases.append(seeded)
    if not cases:
        raise InapplicableError("rounding decides which token is drawn")
    return cases


def _other_text(case: LawCase, predicted: Array, where: str) -> str:
    """Say how a written text is not the predicted one."""
    if case.result.shape != predicted.shape:
        return f"writes {len(case.result)} tokens {where}, not {len(predicted)}"
    return case.mismatch(predicted, 0, where)
