"""Laws of Algorithms 14 and 15: a trained θ writes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from spec.laws.change_parameters import each, fields_of
from spec.laws.evaluated_case import Array, InapplicableError, LawCase
from spec.laws.law import law

#: With how many sources of random numbers what is drawn is compared.
SOURCES = 2
#: How low a temperature is that leaves little to chance, and is no power that underflows.
COLD = 1 / 16


@law(14, 15)
def what_is_written_are_tokens_of_the_vocabulary(case: LawCase) -> str:
    """Every token written is one of the vocabulary."""
    N_V = fields_of(case.run, case.arguments.header)["W_u"].shape[0]
    return case.apart(case.result.clip(0, N_V - 1), 0)


@law(14)
def a_longer_continuation_begins_with_the_shorter(case: LawCase) -> str:
    """With the same random numbers, ℓ_gen tokens begin with the ℓ_gen − 1 of a shorter text."""
    ell_gen = case.run.hyperparameters["ℓ_gen"]
    if ell_gen == 1:
        raise InapplicableError("the continuation is one token")
    for one in _with_other_chance(case):
        shorter = one.with_hyperparameters({"ℓ_gen": ell_gen - 1})
        wanted = one.result[: ell_gen - 1]
        if failure := _another(wanted, shorter, f"where ℓ_gen is {ell_gen - 1}"):
            return failure
    return ""


@law(14, 15)
def the_temperature_divides_the_scores(case: LawCase) -> str:
    """A factor of W_u and of τ changes nothing: q ∝ p^{1/τ} is softmax(W_u X / τ)."""
    for one in _with_other_chance(case):
        sharper = one.with_fields(each("W_u", lambda W_u: 4 * W_u))
        then = sharper.with_hyperparameters({"τ": 4 * one.run.hyperparameters["τ"]})
        if failure := _another(one.result, then, "where W_u and τ have the factor 4"):
            return failure
    return ""


@law(14, 15)
def when_it_is_cold_chance_changes_nothing(case: LawCase) -> str:
    """At a low temperature the most likely token is drawn, whatever the random numbers."""
    cold = case.with_hyperparameters({"τ": COLD})
    sharp = cold.with_fields(each("W_u", lambda W_u: 4 * W_u))
    first, *others = _with_other_chance(sharp)
    for one in others:
        if one.expected.decisions != first.expected.decisions:
            raise InapplicableError("two tokens are about as likely")
        if failure := _another(first.result, one, "with other random numbers where τ is 1/16"):
            return failure
    return ""


@law(15)
def a_text_begins_with_bos_token(case: LawCase) -> str:
    """The first token is bos_token."""
    wanted = case.result.copy()
    wanted[0] = case.run.hyperparameters["bos_token"] - 1
    return case.apart(wanted, 0)


@law(15)
def a_text_ends_with_the_first_eos_token(case: LawCase) -> str:
    """If the first or the second token drawn is eos_token, the text ends there."""
    for one in _with_other_chance(case):
        for length in (2, 3):
            written = one.result[:length]
            if len(written) < length or written[-1] in written[1:-1]:
                continue
            then = one.with_hyperparameters({"eos_token": int(written[-1]) + 1})
            if failure := _another(written, then, "where the last of these is eos_token"):
                return failure
    return ""


def _with_other_chance(case: LawCase) -> list[LawCase]:
    """Return a function with other random numbers, where rounding does not decide what is drawn."""
    found = []
    for seed in range(SOURCES):
        variation = case.arguments.variation._replace(seed=case.arguments.variation.seed + seed)
        one = LawCase(case.function, replace(case.arguments, variation=variation), case.first)
        with suppress(InapplicableError):
            _ = one.tolerance
            found.append(one)
    if not found:
        raise InapplicableError("rounding decides which token is drawn")
    return found


def _another(wanted: Array, then: LawCase, where: str) -> str:
    """Say in what a text is another than it must be."""
    if then.result.shape != wanted.shape:
        return f"writes {len(then.result)} tokens {where}, not {len(wanted)}"
    return then.apart(wanted, 0, where)
