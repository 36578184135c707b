"""Algorithm 10 learns to be a Bayesian: it guesses the next toss of a coin that it does not know.

How often a coin falls on 1 is drawn anew for each sequence, all values equally likely: Beta(1, 1).
Of k ones in n tosses then follows (k + 1) / (n + 2), Laplace's rule, and nothing can do better.
So a transformer that is trained on data drawn from a prior comes to its posterior: it is a
prior-data fitted network. Weights by hand, the page on programs, give the rule without training.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms import DTransformer, DTransformerParameters
from algorithms.signatures.arrays import entries
from algorithms.training import log_loss
from examples.adamw_run import EPS, Recipe, adamw_run, size, small
from examples.command import options, report
from examples.line_plot import Line, smoothed

Theta = DTransformerParameters[NDArray[np.float32]]
Tosses = NDArray[np.int64]
N_TOSSES, BEGIN = 32, 2


def tosses(rng: np.random.Generator, sequences: int) -> Tosses:
    """Sequences of tosses, after the token that begins each."""
    p = rng.random((sequences, 1))
    x = (rng.random((sequences, N_TOSSES)) < p).astype(np.int64)
    return np.concatenate([np.full((sequences, 1), BEGIN), x], axis=1)


def laplace(x: Tosses) -> NDArray[np.float64]:
    """What Laplace's rule says of each toss: how probable was it?"""
    y = x[:, 1:]
    ones, before = np.cumsum(y, axis=1) - y, np.arange(N_TOSSES)
    one = (ones + 1) / (before + 2)
    return np.where(y == 1, one, 1 - one)


def loss(theta: Theta, x: Tosses) -> NDArray[np.float32]:
    """Nats, of all tosses."""
    P, y = DTransformer(x[:, :-1], theta, eps=EPS), x[:, 1:]
    return log_loss(P, y, np.ones(y.shape, bool))


def main() -> None:
    """Train, measure, and compare."""
    asked = options("coins", __doc__ or "")
    sizes = {"L": 2, "H": 2, "d_e": 32, "d_mlp": 64, "d_attn": 16, "d_mid": 16}
    recipe = Recipe(N_steps=400 if asked.quick else 1500, batch_size=16, eta=3e-3, decay=0.0)
    theta = small(DTransformerParameters, 0, N_V=3, ell_max=N_TOSSES, **sizes)
    theta, losses = adamw_run(
        asked,
        range(10_000),  # each member is drawn when its turn comes
        theta,
        recipe,
        loss=loss,
        prepare=lambda members, rng: tosses(rng, len(members)),
        tokens=np.size,
        predicted=N_TOSSES,
    )
    x = tosses(np.random.default_rng(99), 4000)
    P, bayes = DTransformer(x[:, :-1], theta, eps=EPS), laplace(x)
    p = entries(P, x[:, 1:])
    lost, one = -np.log(p.astype(np.float64)), np.where(x[:, 1:] == 1, bayes, 1 - bayes)
    best = -np.log(bayes)
    excess = float((lost - best).mean())
    report(
        asked,
        {
            "nats a toss": float(lost.mean()),
            "Laplace's rule": float(best.mean()),
            "excess": excess,
            "the excess may be": 0.005,
            "mean |P − (k + 1)/(n + 2)|": float(np.abs(P[:, 1] - one).mean()),
            "parameters": size(theta),
        },
        [
            Line("while it learns", smoothed(losses)),
            Line("held out", [(0, float(lost.mean()))]),
            Line("Laplace's rule", [(0, float(best.mean()))]),
            Line("a fair coin", [(0, float(np.log(2)))]),
        ],
        better=excess < 0.005,
        x="step",
        y="nats a toss",
    )


if __name__ == "__main__":
    main()
