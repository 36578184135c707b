"""Algorithm O4: the learning rate of each step."""

from __future__ import annotations

import math

from algorithms.signatures.decorator import algorithm


@algorithm(
    "O4",
    requires=(
        "N_warm + 1 <= N_steps",
        "i <= N_steps",
        "i >= 0",
        "N_warm >= 0",
        "eta_max > 0",
        "eta_min >= 0",
    ),
)
def schedule(
    i: int,
    *,
    N_warm: int,
    N_steps: int,
    eta_max: float,
    eta_min: float = 0.0,
) -> float:
    """Up a line to eta_max, then down half a cosine to eta_min.

    Parameters
    ----------
    i : int, 0 … N_steps
        The number of the step.
    N_warm : int, at least 0
        At which step the rate is highest.
    N_steps : int, greater than N_warm
        At which step it is lowest again.
    eta_max : float, greater than 0
        The highest rate.
    eta_min : float, at least 0
        The last rate.

    Returns
    -------
    eta : float
        The learning rate of step i.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    transformers.get_cosine_schedule_with_warmup has the same
    numbers where eta_min is 0; it counts its steps from 0, so that
    its first one is of rate 0.

    Source: Loshchilov & Hutter 2017, "SGDR", equation 5, after
    Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2.

    Examples
    --------
    >>> rates = {"N_warm": 2, "N_steps": 6, "eta_max": 1.0}
    >>> [round(schedule(i, **rates), 2) for i in range(7)]
    [0.0, 0.5, 1.0, 0.85, 0.5, 0.15, 0.0]
    """
    part = (i - N_warm) / (N_steps - N_warm)
    c = math.cos(math.pi * part)  # O4.1
    eta = eta_min + (eta_max - eta_min) * (1 + c) / 2  # O4.2
    eta = eta_max * i / N_warm if i + 1 <= N_warm else eta  # O4.3
    return eta  # O4.4
