"""What is compared with a library: our function and its arguments, and the library's result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

from helpers import hugging_face as hf
from helpers.double_precision import DoublePrecision

N_V, ELL, ELL_MAX, L = 19, 7, 11, 2
H_KV, R, D_ATTN = 2, 3, 4  # of models whose heads share keys
H = 3  # of the others


class Compared(NamedTuple):
    """A published model: our function and its arguments, and Hugging Face's result."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    Q: Any
    options: Mapping[str, Any] = {}

    def P(self, **options: Any) -> Any:
        """Our function's result."""
        return self.function(*self.arguments, **{**self.options, **options})

    def distance(self, P: Any = None) -> float:
        """The largest difference of the two results, as a part of the largest number in them."""
        P = self.P() if P is None else P
        return hf.distance(P, self.Q) / max(1.0, float(abs(self.Q).max()))


def redrawn(model: Any) -> Any:
    """Every tensor drawn anew: also ω, which is in no file."""
    return hf.redraw(model, embeddings=0.1, matrices=0.5, vectors=0.5)


def doubled(model: Any, *arguments: Any, **options: Any) -> Any:
    """What a model gives in float64 throughout."""
    with torch.no_grad(), DoublePrecision():
        return model(*arguments, **options)


def offsets(seen: Any) -> Any:
    """A mask as Hugging Face has it: what is added to scores, keys along the last axis."""
    least = torch.finfo(torch.float64).min
    return torch.zeros(seen.mT.shape, dtype=torch.float64).masked_fill(~seen.mT, least)
