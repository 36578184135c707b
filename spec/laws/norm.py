"""Laws of Algorithm 6: layer norm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spec.laws.change_parameters import coarse, each, fields_of, zero
from spec.laws.evaluated_case import Array, LawCase, only
from spec.laws.law import law, takes_one_vector
from spec.machine import Value


@law(6)
def the_mean_is_0(case: LawCase) -> str:
    """Where γ = 1 and β = 0, the mean of ê is 0."""
    then = _plain(case)
    mean = then.result.mean(axis=0)
    return then.apart(then.result - mean, then.tolerance, f"(the mean is {_most(mean):.3g})")


@law(6)
def the_population_variance_is_1(case: LawCase) -> str:
    """Where γ = 1, β = 0 and ε = 0, the mean square of ê is 1: d_e and not d_e − 1 divides."""
    then = _plain(case.with_hyperparameters({"ε": 0.0}))
    square = (then.result**2).mean(axis=0)
    # What is off by the tolerance is off in its square by twice that times its size, and more.
    wanted = then.result / np.sqrt(square)
    scale = max(1.0, float(np.abs(then.result).max()))
    where = f"(the variance is {1 + _most(square - 1):.6g})"
    return then.apart(wanted, 2 * scale * then.tolerance, where)


@law(6)
def a_number_added_to_all_activations_changes_nothing(case: LawCase) -> str:
    """A number added to all activations changes nothing: it is in the mean."""
    before = _activations(case, coarse)
    then = _activations(before, lambda e: e + 1)
    return before.differs(then, "where 1 is added to all activations")


@law(6)
def a_factor_of_all_activations_changes_nothing(case: LawCase) -> str:
    """A factor c > 0 of all activations, and c² of ε, changes nothing."""
    twice = _activations(case, lambda e: 2 * e)
    epsilon = case.run.hyperparameters["ε"]
    then = twice.with_hyperparameters({"ε": 4 * epsilon})
    return case.differs(then, "where e has the factor 2 and ε the factor 4")


@law(6)
def the_norm_is_scaled_by_gamma_then_moved_by_beta(case: LawCase) -> str:
    """The result is what γ = 1 and β = 0 give, times γ, plus β."""
    plain = _plain(case)
    fields = fields_of(case.run, case.arguments.header)
    γ, β = fields["gamma"], fields["beta"]
    wanted = plain.result * γ + β
    tolerance = case.tolerance * 2 + plain.tolerance * float(np.abs(γ).max())
    return case.apart(wanted, tolerance, "which γ scales and β moves")


@law(6)
def the_order_of_the_activations_does_not_matter(case: LawCase) -> str:
    """Activations may change places, those of γ, β and ê along with them."""
    turned = _activations(case, lambda e: e[::-1])
    then = turned.with_fields(each("gamma beta", lambda one: one[::-1]))
    return case.differs(then, "where e, γ and β have the opposite order", lambda found: found[::-1])


@law(when=takes_one_vector)
def columns_are_independent(case: LawCase) -> str:
    """What a token gets does not depend on the tokens beside it."""
    first, *others = case.arguments.runs
    then = case.at([replace(first, inputs=case.other.inputs), *others])
    return case.differs(then, "where the first column is another", _but_the_first)


def _but_the_first(found: Array) -> Array:
    return only(slice(1, None), found)


def _plain(case: LawCase) -> LawCase:
    return case.with_fields(each("gamma", np.ones_like)).with_fields(zero("beta"))


def _activations(case: LawCase, change: Callable[[Value], Value]) -> LawCase:
    return case.changed(lambda run: replace(run, inputs=(change(run.inputs[0]),)))


def _most(numbers: Array) -> float:
    return float(numbers[np.argmax(np.abs(numbers))])
