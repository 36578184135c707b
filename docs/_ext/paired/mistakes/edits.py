"""The pseudocode with a mistake in it, and which right line each of its lines replaces."""

from collections.abc import Mapping
from functools import lru_cache
from textwrap import dedent

from spec.language.checked import Checked
from spec.library import checked
from spec.mistakes import Mistake, catalogue, edited


@lru_cache(maxsize=1)  # the page of a mistake asks several times, and pages are made one by one
def changed(id: str) -> Mapping[str, Checked]:
    """Return all algorithms, one of them with a mistake in it."""
    return edited(catalogue()[id], checked())


def origins(mistake: Mistake) -> dict[int, int]:
    """Return the number of the right line for the number of each line of the wrong algorithm."""
    replaced: list[int] = []
    for line in checked()[mistake.algorithm].program.layout.lines:
        rows = mistake.edits.get(f"{mistake.algorithm}.{line.number}")
        count = 1 if rows is None else len(dedent(rows).splitlines())
        replaced += [line.number] * count
    return dict(enumerate(replaced, 1))
