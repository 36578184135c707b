"""The laws of an algorithm, and the arguments that they start from."""

from __future__ import annotations

from spec.calling.function_under_test import FunctionUnderTest
from spec.inputs.variations import SMALL, Variation
from spec.laws import attention, distribution, embedding, inference, models, norm
from spec.laws.evaluated_case import LawCase
from spec.laws.law import LAWS, Law

#: The files of laws; each registers its laws when it is imported.
FILES = (embedding, attention, norm, distribution, models, inference)


def laws(id: str) -> list[Law]:
    """Return the laws of an algorithm."""
    return [law for law in LAWS if id in law.algorithms]


def law_case(function: FunctionUnderTest) -> LawCase:
    """Return a function at small sizes that all differ, where laws start from."""
    return LawCase(function, function.arguments(Variation("small sizes", SMALL)))
