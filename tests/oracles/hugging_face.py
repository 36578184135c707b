"""Hugging Face's models with every tensor redrawn, saved to disk and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file


def redraw(model: Any, seed: int = 0) -> Any:
    """Add a normal number to every entry: a library's own start is full of zeros and ones."""
    source = torch.Generator().manual_seed(seed)
    model = model.double().eval()
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                tensor += 0.3 * torch.randn(tensor.shape, generator=source, dtype=tensor.dtype)
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
