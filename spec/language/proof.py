"""Proofs that one size is never above another, so that their difference is never negative.

Put each index at the worse of its bounds, then take away requirements, which are at least 0. If
what is left has no negative term, it is never negative, since sizes are not.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from spec.language.header import Requirement
from spec.language.polynomials import Atom, Poly, sum_of

Bounds = Mapping[Atom, tuple[Poly, Poly | None]]


def is_never_negative(excess: Poly, bounds: Bounds, requirements: Iterable[Requirement]) -> bool:
    """Say whether a difference of sizes is proved to be at least 0."""
    requirements = list(requirements)
    named = {atom for requirement in requirements for atom in requirement.excess.atoms}
    # What a requirement says of an index is more than its bounds, or less.
    kept = {index: ends for index, ends in bounds.items() if index not in named}
    return any(_is_required(excess, each, requirements) for each in (bounds, kept))


def _is_required(excess: Poly, bounds: Bounds, requirements: Iterable[Requirement]) -> bool:
    worst = at_worst(excess, bounds)
    if worst is None:
        return False
    required = list(_instances(worst, requirements))
    # No line of the files needs more than two requirements at a time.
    return any(
        all(factor > 0 for factor in (worst - sum_of(subset)).terms.values())
        for number in range(3)
        for subset in combinations(required, number)
    )


def at_worst(size: Poly, bounds: Bounds) -> Poly | None:
    """Return a size with each index at the bound that makes it least, None if it has none."""
    # The innermost index first, since its bounds may hold the others.
    for index in sorted(bounds, key=lambda atom: -atom.serial):
        parts = size.coefficients(index)
        if len(parts) < 2:
            continue
        slope = parts[1]
        if len(parts) > 2 or slope.atoms & bounds.keys():
            return None
        signs = {factor > 0 for factor in slope.terms.values()}
        if len(signs) > 1:
            return None
        low, high = bounds[index]
        bound = low if signs == {True} else high
        if bound is None:
            return None
        size = parts[0] + bound * slope
    return size


def _instances(size: Poly, requirements: Iterable[Requirement]) -> Iterator[Poly]:
    """Yield what is required to be at least 0, for the members that occur in a size."""
    for requirement in requirements:
        if not requirement.over:
            yield requirement.excess
        names = {atom.name for atom in requirement.excess.atoms if atom.at}
        # Only of the members in the size is it known that they exist.
        for at in {atom.at for atom in size.atoms if atom.name in names}:
            if len(at) == len(requirement.over):
                yield requirement.excess.replace(dict(zip(requirement.over, at, strict=True)))
