"""Laws that are theorems of the pseudocode, put to anybody's function."""

from __future__ import annotations

from spec.calling.function_under_test import Subject
from spec.inputs.arguments import Variation
from spec.inputs.variations import SMALL
from spec.laws import attention, distribution, embedding, inference, models, norm
from spec.laws.evaluated_case import Case, InapplicableError
from spec.laws.law import Law, pseudocode

LAWS = (
    *embedding.LAWS,
    *attention.LAWS,
    *norm.LAWS,
    *distribution.LAWS,
    *models.LAWS,
    *inference.LAWS,
)


def grounds(subject: Subject) -> Case:
    """Return the arguments that laws start from: small, no two sizes the same."""
    return Case(subject, subject.given(Variation("small sizes", SMALL)))


def laws(id: str) -> list[Law]:
    """Return the laws of an algorithm."""
    return [one for one in LAWS if id in one.algorithms]


__all__ = ["Case", "InapplicableError", "Law", "grounds", "laws", "pseudocode"]
