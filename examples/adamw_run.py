"""A run with AdamW, clipping and a schedule: what the examples have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from algorithms import initialise, tree_map
from algorithms.extensions.optimizers import AdamW, clip
from algorithms.extensions.schedules import schedule
from algorithms.signatures.trees import named_arrays
from algorithms.training import Step, training_run
from examples.command import Options

Theta = TypeVar("Theta")

#: Two threads, each with a half of every batch.
WORKERS = 2

#: Layer norm's ε, in every example.
EPS = 1e-5


class Recipe(NamedTuple):
    """How long a run is, and how fast it goes."""

    N_steps: int
    batch_size: int
    eta: float
    decay: float = 0.05
    beta_v: float = 0.98
    warm: float = 0.1  # the part of all steps in which the rate rises


def small(parameters: Callable[..., Theta], seed: int, **sizes: int) -> Theta:
    """Draw θ in float32; embeddings a tenth as large as the reference draws them."""
    theta: Any = initialise(
        parameters,  # type: ignore[arg-type]
        np.random.default_rng(seed),
        dtype=np.float32,
        **sizes,
    )
    tenth = np.float32(0.1)
    return theta._replace(W_e=tenth * theta.W_e, W_p=tenth * theta.W_p)  # type: ignore[no-any-return]


def adamw_run(
    asked: Options,
    data: Sequence[Any],
    theta: Theta,
    recipe: Recipe,
    *,
    loss: Callable[[Theta, Any], Any],
    prepare: Callable[[list[Any], np.random.Generator], Any],
    tokens: Callable[[Any], int],
    predicted: float,
) -> tuple[Theta, list[float]]:
    """Train, and return θ and the loss of each step that was not made before a stop.

    The loss is a sum over a batch, in which `predicted` tokens a member are to be predicted.
    """
    N_steps, batch_size, eta, decay, beta_v, warm = recipe

    def update(theta: Theta, g: Theta, state: Any, i: int) -> tuple[Theta, Any]:
        rate = schedule(
            i - 1, N_warm=round(warm * N_steps), N_steps=N_steps, eta_max=eta, eta_min=eta / 100
        )
        m, v = state
        theta, m, v = AdamW(
            theta,
            clip(g, c=1.0),
            m,
            v,
            i,
            eta=max(rate, eta / 100),
            beta_v=beta_v,
            decay=decay,
        )
        return theta, (m, v)

    losses: list[float] = []

    def note(step: Step) -> None:
        losses.append(step.loss)

    zeros = tree_map(np.zeros_like, theta)
    theta, _ = training_run(
        data,
        theta,
        (zeros, zeros),
        loss=lambda theta, batch: loss(theta, batch) / (batch_size * predicted),
        update=update,
        workers=WORKERS,
        N_steps=N_steps,
        batch_size=batch_size,
        rng=np.random.default_rng(1),
        prepare=prepare,
        tokens=tokens,
        file=asked.file,
        on_step=note,
    )
    return theta, losses


def size(theta: Any) -> int:
    """How many numbers θ has."""
    return sum(array.size for _, array in named_arrays(theta, "theta"))
