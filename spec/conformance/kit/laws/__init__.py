"""Laws that are theorems of the pseudocode, put to anybody's function."""

from __future__ import annotations

from spec.conformance.kit.given import Variation
from spec.conformance.kit.laws import attention, distribution, embedding, inference, models, norm
from spec.conformance.kit.laws.case import Case, InapplicableError
from spec.conformance.kit.laws.law import Law, pseudocode
from spec.conformance.kit.subject import Subject
from spec.conformance.kit.variations import SMALL

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
