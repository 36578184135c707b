"""What the adapters of Hugging Face's models share."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from spec.inputs.adapter import Function
from spec.mistakes.catalogue import catalogue

#: What Hugging Face calls the activations, by how the catalogue's differences are called.
ACTIVATIONS = {
    "gelu": ("gelu",),
    "quick-gelu": ("quick_gelu",),
    "relu": ("relu",),
    "silu": ("silu", "swish"),
    "tanh-gelu": ("gelu_new", "gelu_pytorch_tanh", "gelu_fast"),
}


def activation(name: str, algorithm: str) -> tuple[str, ...]:
    """Return the documented difference that an activation is, if it is one."""
    known = (f"{one}-{algorithm}" for one, names in ACTIVATIONS.items() if name in names)
    return tuple(id for id in known if id in catalogue())


def configuration(function: Any) -> Any:
    """Return the configuration of an instance, or the one that a class has if none is given."""
    return function.config if hasattr(function, "config") else function.config_class()


def model(function: Function, **options: Any) -> Any:
    """Return a model of a configuration, not in training, or the instance that there is."""
    if not isinstance(function, type):
        return function
    return _built(function, tuple(options.items()))


@lru_cache(maxsize=16)  # each is tried twice on the same arguments
def _built(kind: Any, options: tuple[tuple[str, Any], ...]) -> Any:
    return kind(kind.config_class(**dict(options))).eval()


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Return the columns of probabilities that rows of scores stand for, in a batch of one."""
    return logits[0].softmax(-1).mT
