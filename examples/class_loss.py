"""What Algorithm D10 makes smaller, of a batch: the surprise at the right classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.training import log_loss


def class_loss(p: NDArray[Any], c: NDArray[np.int64]) -> NDArray[Any]:
    """`−Σ log p[c]` over the sentences of a batch, as in line D10.4."""
    return log_loss(p[..., None], c[:, None], np.ones((len(c), 1), bool))


def right(p: NDArray[Any], c: NDArray[np.int64]) -> int:
    """How many sentences have the likeliest class."""
    return int((p.argmax(axis=-1) == c).sum())
