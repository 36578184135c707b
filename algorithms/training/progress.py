"""How far a run is, in a row of the terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import NamedTuple, Protocol


class Step(NamedTuple):
    """A step of a run, as `on_step` is told of it.

    Parameters
    ----------
    epoch, step, N_steps
        Of which epoch, the how manieth and of how many, from 1.
    loss
        What the loss was before the step, on its batch.
    tokens_per_second, seconds_left
        Of this process; what came before a stop has no part in it.
    """

    epoch: int
    step: int
    N_steps: int
    loss: float
    tokens_per_second: float
    seconds_left: float


class Progress(Protocol):
    """Something that is told of every step."""

    def __enter__(self) -> Progress:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """End, whatever happened."""
        ...

    def show(self, step: Step) -> None:
        """Say where the run is."""
        ...


class Quiet:
    """No progress at all."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, step: Step) -> None:
        """Say nothing."""


class Bar:
    """A bar of rich's on stderr, which ends as its last row."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
        )
        from rich.progress import Progress as Rows

        self.rows = Rows(
            TextColumn("epoch {task.fields[epoch]}, step"),
            MofNCompleteColumn(),
            BarColumn(),
            TextColumn("loss {task.fields[loss]:.4g}"),
            TextColumn("{task.fields[speed]:,.0f} tokens/s"),
            TextColumn("{task.fields[left]} left"),
            console=Console(stderr=True),
        )
        self.task = self.rows.add_task(
            "", epoch=1, loss=float("nan"), speed=0.0, left="-:--"
        )

    def __enter__(self) -> Bar:
        self.rows.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.stop()

    def show(self, step: Step) -> None:
        """Move the bar."""
        minutes, seconds = divmod(round(step.seconds_left), 60)
        self.rows.update(
            self.task,
            completed=step.step,
            total=step.N_steps,
            epoch=step.epoch,
            loss=step.loss,
            speed=step.tokens_per_second,
            left=f"{minutes}:{seconds:02d}",
        )


def progress_on(wanted: bool | None) -> Progress:
    """A bar where it is wanted, by default in a terminal only."""
    if sys.stderr.isatty() if wanted is None else wanted:
        return Bar()
    return Quiet()
