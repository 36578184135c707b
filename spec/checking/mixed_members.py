"""Does what a function gives for one sequence, or for one token, change with the others?"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from spec.calling.function_under_test import Trial
from spec.calling.verdict import Verdict
from spec.inputs.variations import Variation

#: The verdicts on a result that other members of a batch can have changed.
CHANGED = (Verdict.DIFFERS, Verdict.NOT_A_NUMBER)
#: The numbers of members that are tried, in words.
COUNTS = {1: "one", 2: "two", 3: "three"}


def mixed_members(trials: Sequence[Trial]) -> str:
    """Say that a function mixes the members of a batch, or tokens, if trials show it.

    They do where two trials differ in the number of members or of tokens alone, and the function is
    right in that with fewer, and not in the other. It is "" if there are no such trials.
    """
    for few, many in product(trials, trials):
        if not few.verdict.passes or many.verdict not in CHANGED:
            continue
        fewer, more = few.arguments.variation, many.arguments.variation
        if fewer.members < more.members and _like(fewer, more, members=0):
            numbers = COUNTS[fewer.members], COUNTS[more.members]
            return (
                f"It is right in a batch of {numbers[0]}, and wrong in a batch of {numbers[1]}: "
                "what it gives for one sequence changes with the others."
            )
        alike = fewer.tokens < more.tokens and _like(fewer, more, tokens=0)
        if alike and _first_changes(few, many):  # else it may be right for this token by chance
            return (
                "It is right for one token, and wrong for several: what it gives for one token "
                "changes with the others."
            )
    return ""


def _first_changes(few: Trial, many: Trial) -> bool:
    """Say whether what several tokens get differs, for the first, from what it gets alone."""
    near = few.distance.tolerance if few.distance else 0.0
    alone, together = few.result or {}, many.result or {}
    return any(
        not np.all(np.abs(array - together[path][..., : array.shape[-1]]) <= near)
        for path, array in alone.items()
        if path in together
    )


def _like(one: Variation, two: Variation, **counts: Any) -> bool:
    """Say whether two variations draw the same arguments but for some counts."""
    return one._replace(name="", **counts) == two._replace(name="", **counts)
