"""Proofs that one size is not above another, for all sizes.

Put each index at the worse of its bounds, then take away requirements, which are at least 0. If
what is left has no term below 0, it is nowhere below 0: sizes are not negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from spec.language.header import Requirement
from spec.language.polynomials import Atom, Poly, sum_of

Bounds = Mapping[Atom, tuple[Poly, Poly | None]]


def is_never_negative(excess: Poly, bounds: Bounds, requirements: Iterable[Requirement]) -> bool:
    """Say whether a size is proved to be at least 0."""
    worst = at_worst(excess, bounds)
    if worst is None:
        return False
    known = list(_instances(worst, requirements))
    # No line of the files needs more than two requirements at a time.
    return any(
        all(factor > 0 for factor in (worst - sum_of(taken)).terms.values())
        for number in range(3)
        for taken in combinations(known, number)
    )


def at_worst(size: Poly, bounds: Bounds) -> Poly | None:
    """Return a size with each index at the bound that makes it least, None if there is none."""
    # The innermost index first, since its bounds may hold the others.
    for index in sorted(bounds, key=lambda atom: -atom.serial):
        parts = size.coefficients(index)
        if len(parts) < 2:
            continue
        slope = parts[1].constant
        if len(parts) > 2 or slope is None:
            return None
        low, high = bounds[index]
        bound = low if slope > 0 else high
        if bound is None:
            return None
        size = parts[0] + bound * slope
    return size


def _instances(size: Poly, requirements: Iterable[Requirement]) -> Iterator[Poly]:
    """Yield what the requirements say, of all or of the members that a size speaks of."""
    for requirement in requirements:
        if not requirement.over:
            yield requirement.excess
        names = {atom.name for atom in requirement.excess.atoms if atom.at}
        # That there is such a member is known of those in the size alone.
        for at in {atom.at for atom in size.atoms if atom.name in names}:
            if len(at) == len(requirement.over):
                yield requirement.excess.replace(dict(zip(requirement.over, at, strict=True)))
