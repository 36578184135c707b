"""`value_and_gradient` by a library that has one."""

from __future__ import annotations

from typing import Any

import torch

from algorithms import tree_map


def by_torch(loss: Any, theta: Any) -> Any:
    """Autograd's: leaves that ask for a gradient, one backward pass."""
    theta = tree_map(lambda w: w.detach().requires_grad_(), theta)
    value = loss(theta)
    value.backward()
    return value.detach(), tree_map(
        lambda w: torch.zeros_like(w) if w.grad is None else w.grad, theta
    )
