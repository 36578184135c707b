"""Runs of training: in mini-batches, stopped and resumed, watched.

Nothing here has a number. What is computed in a step is the
caller's: a loss, and an update made of Algorithms O1 to O4, say.
"""

from algorithms.training.mini_batches import log_loss as log_loss
from algorithms.training.mini_batches import pad as pad
from algorithms.training.training_run import Step as Step
from algorithms.training.training_run import (
    training_run as training_run,
)

__all__ = ["Step", "log_loss", "pad", "training_run"]
