"""All published models with which ours are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from helpers import published_models, published_t5
from helpers.published_models import Compared

#: By the name of theirs: the algorithm that ours is, but for departures, and both.
ORACLES: Mapping[str, tuple[str, Callable[[], Compared]]] = {
    **published_models.ORACLES,
    **published_t5.ORACLES,
}
