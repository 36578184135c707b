"""Hugging Face's models with every tensor redrawn, saved to disk and read back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from algorithms import tree_map
from algorithms.checkpoints import Departure


def redraw(model: Any, *, embeddings: float, matrices: float, vectors: float) -> Any:
    """Draw every entry anew: a library's own start is full of zeros and ones, and not seeded.

    Normal entries of three standard deviations, chosen for each model so that what its layer norms
    get has a small variance, where ε counts, and that the probabilities differ.
    """
    source = torch.Generator().manual_seed(0)
    model = model.double().eval()

    def draw(module: Any, deviation: float) -> None:
        for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
            if tensor.is_floating_point():
                tensor.normal_(0, deviation if tensor.ndim > 1 else vectors, generator=source)

    with torch.no_grad():
        for module in model.modules():
            draw(module, matrices)
        for module in model.modules():
            if isinstance(module, torch.nn.Embedding):  # last: W_u may be the same tensor
                draw(module, embeddings)
    return model


def saved(model: Any, folder: Path) -> dict[str, Any]:
    """The arrays of the model's file, as a user would load them."""
    model.save_pretrained(folder)
    return dict(load_file(folder / "model.safetensors"))


def probabilities(logits: Any) -> Any:
    """Hugging Face's rows of scores, as the paper's columns of probabilities."""
    return logits.softmax(-1).mT


def tokens(*shape: int, N_V: int, seed: int = 1) -> Any:
    """Token IDs, all equally likely."""
    return torch.randint(0, N_V, shape, generator=torch.Generator().manual_seed(seed))


def distance(P: Any, Q: Any) -> float:
    """The largest difference between two probabilities."""
    return float(abs(P - Q).max())


def ids(departures: Iterable[Departure]) -> set[str]:
    """Those that can be turned off: a conversion of θ is in what reads the file alone."""
    return {one.id for one in departures if "conversion of θ" not in one.what}


def same(theta: Any, other: Any) -> bool:
    """Whether two θ hold the same numbers."""
    equal: list[bool] = []
    tree_map(lambda a, b: equal.append(torch.equal(a, b)), theta, other)
    return all(equal)
