"""What a published model adds to the paper, one name for each."""

from __future__ import annotations

from typing import NamedTuple


class Departure(NamedTuple):
    """One thing that a model does and the paper does not."""

    id: str  #: the tag of the statements that do it, "B2"
    lines: tuple[str, ...]  #: the lines of the paper it changes
    what: str
    off: str  #: how to do without it
