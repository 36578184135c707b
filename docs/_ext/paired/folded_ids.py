"""A list of algorithms that is as long as there are algorithms: folded, until a reader opens it."""

from collections.abc import Sequence
from textwrap import fill

from .domain import reference
from .elements import Element, element

_ROW = 76  # letters, where there is nothing to fold


def folded_ids(said: str, ids: Sequence[str]) -> Element:
    """Return the ids as links, behind words that say how many they are and of what."""
    links = [part for id in ids for part in (" ", reference("alg", id, id))]
    summary = element("summary", said)
    plain = fill(f"{said}: {' '.join(ids)}", width=_ROW)
    return element("details", summary, *links, classes=["ids"], plain=plain)
