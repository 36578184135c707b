"""A mistake made in the pseudocode, and which of its lines stands in place of which."""

from collections.abc import Mapping
from functools import lru_cache
from textwrap import dedent

from spec.language.checked import Checked
from spec.library import checked
from spec.mistakes import Mistake, catalogue, edited


@lru_cache(maxsize=1)  # its page needs it several times, and no other does
def changed(id: str) -> Mapping[str, Checked]:
    """Return all algorithms with a mistake made."""
    return edited(catalogue()[id], checked())


def origins(mistake: Mistake) -> dict[int, int]:
    """Return in place of which line each line of the edited algorithm stands, by their numbers."""
    found: list[int] = []
    for line in checked()[mistake.algorithm].program.layout.lines:
        rows = mistake.edits.get(f"{mistake.algorithm}.{line.number}")
        count = 1 if rows is None else len(dedent(rows).splitlines())
        found += [line.number] * count
    return dict(enumerate(found, 1))
