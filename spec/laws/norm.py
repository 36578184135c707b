"""Laws of layer norm and of RMSNorm, and of every algorithm that takes one vector."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spec.inputs.array_conversion import Array
from spec.inputs.change_parameters import each, zero
from spec.laws.evaluated_case import LawCase, coarse, only
from spec.laws.law import law, takes_one_vector
from spec.machine import Value


@law(6)
def the_mean_is_0(case: LawCase) -> str:
    """Where γ = 1 and β = 0, the mean of ê is 0."""
    plain = _plain(case)
    mean = plain.result.mean(axis=0)
    where = f"(the mean is {_farthest_from_0(mean):.3g})"
    return plain.mismatch(plain.result - mean, plain.tolerance, where)


@law(6, "N1")
def the_mean_square_is_1(case: LawCase) -> str:
    """Where γ = 1, β = 0 and ε = 0, the mean square of ê is 1: d_e and not d_e − 1 divides."""
    plain = _plain(case.with_hyperparameters({"ε": 0.0}))
    square = (plain.result**2).mean(axis=0)
    # An error of ê makes one of its square that is twice as large, times ê, and a little more.
    scale = max(1.0, float(np.abs(plain.result).max()))
    where = f"(the variance is {1 + _farthest_from_0(square - 1):.6g})"
    return plain.mismatch(plain.result / np.sqrt(square), 2 * scale * plain.tolerance, where)


@law(6)
def a_number_added_to_all_activations_changes_nothing(case: LawCase) -> str:
    """A number added to all activations changes nothing: it is in the mean."""
    before = _with_activations(case, coarse)
    after = _with_activations(before, lambda e: e + 1)
    return before.contradiction(after, "where 1 is added to all activations")


@law(6, "N1")
def a_factor_of_all_activations_changes_nothing(case: LawCase) -> str:
    """A factor c > 0 of all activations, and c² of ε, changes nothing."""
    scaled = _with_activations(case, lambda e: 2 * e)
    scaled = scaled.with_hyperparameters({"ε": 4 * case.run.hyperparameters["ε"]})
    return case.contradiction(scaled, "where e has the factor 2 and ε the factor 4")


@law(6, "N1")
def the_norm_is_scaled_by_gamma_then_moved_by_beta(case: LawCase) -> str:
    """The result is what γ = 1 and β = 0 give, times γ, plus β."""
    plain = _plain(case)
    γ, β = case.parameters["gamma"], case.parameters.get("beta", 0.0)
    tolerance = case.tolerance * 2 + plain.tolerance * float(np.abs(γ).max())
    return case.mismatch(plain.result * γ + β, tolerance, "which γ scales and β moves")


@law(6, "N1")
def the_order_of_the_activations_does_not_matter(case: LawCase) -> str:
    """Activations may change places, those of γ, β and ê along with them."""
    reordered = _with_activations(case, lambda e: e[::-1])
    reordered = reordered.with_parameters(each("gamma beta", lambda vector: vector[::-1]))
    where = "where e, γ and β have the opposite order"
    return case.contradiction(reordered, where, lambda result: result[::-1])


@law(when=takes_one_vector)
def columns_are_independent(case: LawCase) -> str:
    """What a token gets does not depend on the tokens beside it."""
    first, *others = case.arguments.runs
    changed = case.with_runs([replace(first, inputs=case.redrawn.run.inputs), *others])
    where = "where the first column is another"
    return case.contradiction(changed, where, lambda result: only(slice(1, None), result))


def _plain(case: LawCase) -> LawCase:
    return case.with_parameters(each("gamma", np.ones_like)).with_parameters(zero("beta"))


def _with_activations(case: LawCase, change: Callable[[Value], Value]) -> LawCase:
    return case.with_each_run(lambda run: replace(run, inputs=(change(run.inputs[0]),)))


def _farthest_from_0(numbers: Array) -> float:
    return float(numbers[np.argmax(np.abs(numbers))])
