"""A run of training: any loss, any update, stopped and resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from algorithms.gradients.reverse_sweep import (
    value_and_gradient as our_value_and_gradient,
)
from algorithms.paper.training import require_finite
from algorithms.training.progress import Step as Step
from algorithms.training.progress import progress_on
from algorithms.training.saved_runs import (
    SavedRun,
    load_run,
    save_run,
)
from algorithms.training.shared_steps import added_up, split

Theta = TypeVar("Theta")
State = TypeVar("State")
Item = TypeVar("Item")


def training_run(
    data: Sequence[Item],
    theta: Theta,
    state: State,
    *,
    loss: Callable[[Theta, Any], Any],
    update: Callable[
        [Theta, Theta, State, int], tuple[Theta, State]
    ],
    N_steps: int,
    batch_size: int,
    workers: int = 1,
    rng: np.random.Generator,
    prepare: Callable[[list[Item], np.random.Generator], Any]
    | None = None,
    tokens: Callable[[Any], int] | None = None,
    value_and_gradient: Callable[..., tuple[Any, Theta]]
    | None = None,
    file: str | PathLike[str] | None = None,
    save_every: int = 100,
    on_step: Callable[[Step], object] | None = None,
    progress: bool | None = None,
) -> tuple[Theta, State]:
    """Train θ on mini-batches of data, in a new order each epoch.

    Parameters
    ----------
    data : sequence
        Its members are what a loss is about: sequences, pairs.
    theta : record of arrays
        The initial parameters.
    state : record of arrays, or a tuple of such
        What the optimiser remembers, before the first step.
    loss : function of (theta, batch)
        A number, as an array without axes.
    update : function of (theta, gradient, state, i)
        The parameters and the state after step i = 1, …, N_steps.
    N_steps : int, at least 1
        How many steps the whole run has.
    batch_size : int, at least 1
        How many members a step takes; the last of an epoch takes
        those that are left.
    workers : int, at least 1
        How many threads share a step. Each takes an equal part of
        its members, as a batch of their own; their losses are added
        up, and so are their gradients.
    rng : numpy.random.Generator
        Draws the order of each epoch, and all that `prepare` draws.
        A run that is resumed sets it to where it was.
    prepare : function of (members, rng)
        Makes the batch of a step: pads it, hides tokens in it. By
        default the batch is the list of members.
    tokens : function of a batch, optional
        How many tokens it has, for the speed that is shown. By
        default how many numbers are in its arrays.
    value_and_gradient : function of (loss, theta), optional
        Gives `loss(theta)` and its gradient, in the form of theta.
        By default ours, for NumPy's arrays.
    file : path, optional
        A safetensors file that holds the run. One that is there is
        gone on with; what is needed to go on is put there, at once
        or not at all. For NumPy's arrays.
    save_every : int, at least 1
        How many steps lie between two writings. The last step, a
        loss that is not finite and Ctrl-C are always followed by
        one.
    on_step : function of a Step, optional
        Called after each step, before it is saved.
    progress : bool, optional
        Whether a bar is shown on stderr; by default where that is
        a terminal.

    Returns
    -------
    theta, state
        The parameters and the optimiser's state after the run.

    Raises
    ------
    ValueError, ShapeError, TypeError
        A number is out of its range. The file is of another run:
        its arrays are not those of theta, state and data, say. It
        stays as it is.
    NotFiniteError
        The loss or its gradient is infinite or NaN: the step and
        its members are named. The parameters before that step are
        in the error and in the file.

    Notes
    -----
    A run that is stopped at any moment, by SIGKILL too, and resumed
    comes to the same bits as one that is not stopped.

    Examples
    --------
    >>> import numpy as np
    >>> def slope(loss, theta):
    ...     return loss(theta), 2 * theta
    >>> def update(theta, g, state, i):
    ...     return theta - 0.25 * g, state
    >>> training_run(
    ...     [0.0], np.array([8.0]), (), N_steps=3, batch_size=1,
    ...     loss=lambda theta, batch: (theta * theta).sum(),
    ...     update=update, rng=np.random.default_rng(0),
    ...     value_and_gradient=slope,
    ... )
    (array([1.]), ())
    """
    for name, value in {
        "N_steps": N_steps,
        "batch_size": batch_size,
        "workers": workers,
        "save_every": save_every,
        "len(data)": len(data),
    }.items():
        if value < 1:
            raise ValueError(
                f"training_run: want {name} >= 1, got {value}"
            )
    if value_and_gradient is None:
        value_and_gradient = our_value_and_gradient
    path = None if file is None else Path(file)
    run = SavedRun(
        theta,
        state,
        np.arange(len(data)),
        0,
        batch_size,
        rng.bit_generator.state,
    )
    saved = 0
    if path is not None and (found := load_run(path, run)):
        run, saved = found, found.step
        rng.bit_generator.state = run.rng_state
    started, at_first, done = perf_counter(), run.step, 0
    try:
        with (
            progress_on(progress) as shown,
            ThreadPoolExecutor(workers) as pool,
        ):
            while run.step < N_steps:
                epoch, members, order = _members(run, rng)
                items = [data[n] for n in members]
                batches = [
                    prepare(part, rng) if prepare else part
                    for part in split(items, workers)
                ]
                value, gradient = added_up(
                    pool,
                    [partial(_of_batch, loss, b) for b in batches],
                    value_and_gradient,
                    run.theta,
                )
                require_finite(
                    "training_run",
                    value,
                    gradient,
                    _place(run, epoch, members),
                    run.theta,
                )
                i = run.step + 1
                theta, state = update(
                    run.theta, gradient, run.state, i
                )
                run = run._replace(
                    theta=theta,
                    state=state,
                    order=order,
                    step=i,
                    rng_state=rng.bit_generator.state,
                )
                seconds = perf_counter() - started
                done += sum(map(tokens or _size, batches))
                step = Step(
                    epoch,
                    i,
                    N_steps,
                    float(value),
                    done / seconds,
                    seconds / (i - at_first) * (N_steps - i),
                )
                shown.show(step)
                if on_step is not None:
                    on_step(step)
                if path is not None and i % save_every == 0:
                    save_run(path, run)
                    saved = i
    finally:
        if path is not None and saved < run.step:
            save_run(path, run)
    return run.theta, run.state


def _of_batch(
    loss: Callable[[Theta, Any], Any], batch: Any, theta: Theta
) -> Any:
    return loss(theta, batch)


def _members(
    run: SavedRun, rng: np.random.Generator
) -> tuple[int, list[int], Any]:
    """The epoch of the next step, its members, and their order."""
    N_data, B = len(run.order), run.batch_size
    epoch, place = divmod(run.step, -(-N_data // B))
    order = rng.permutation(N_data) if place == 0 else run.order
    members = order[place * B : (place + 1) * B]
    return epoch + 1, [int(n) for n in members], order


def _place(run: SavedRun, epoch: int, members: list[int]) -> str:
    """Where a step is, for an error."""
    some = ", ".join(map(str, members[:8]))
    more = ", …" if len(members) > 8 else ""
    return (
        f"step {run.step + 1} (epoch {epoch}, members {some}{more} "
        "of the data)"
    )


def _size(item: Any) -> int:
    """How many numbers there are in arrays, lists and tuples."""
    if isinstance(item, list | tuple):
        return sum(map(_size, item))
    return int(np.prod(getattr(item, "shape", ())))
