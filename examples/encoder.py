"""Algorithm 9 learns to guess hidden bytes of the help on Python's topics, from both sides.

BERT's corruption hides them. It is compared with counts of the bytes around a hidden one, the best
of all sizes, on paragraphs that neither has seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms import ETransformer, ETransformerParameters, sinusoidal_positions
from algorithms.extensions.corruption import corrupt
from algorithms.training import log_loss
from examples.adamw_run import EPS, Recipe, adamw_run, size, small
from examples.command import options, report
from examples.line_plot import Line, smoothed
from examples.ngrams import BYTES, best_accuracy
from examples.prose import Bytes, prose, windows

Theta = ETransformerParameters[NDArray[np.float32]]
N_V = BYTES + 3
HIDDEN = N_V - 3

#: How often a byte is chosen, while the model learns (twice as often as in BERT: there is less to
#: learn from) and when it is measured.
P_LEARN, P_MEASURE = 0.3, 0.15


def hide(rows: list[Bytes], p_mask: float, rng: np.random.Generator) -> Any:
    """Rows of bytes, as they are hidden, as they were, and where."""
    x = np.stack(rows)
    pairs = [corrupt(row, p_mask=p_mask, mask_token=HIDDEN, N_V=N_V, rng=rng) for row in x]
    x_tilde, a = map(np.stack, zip(*pairs, strict=True))
    return x_tilde, x, a


def loss(theta: Theta, batch: Any) -> NDArray[np.float32]:
    """Nats, of all bytes that are to be guessed."""
    x_tilde, x, a = batch
    return log_loss(ETransformer(x_tilde, theta, eps=EPS), x, a)


def main() -> None:
    """Train, guess, and compare."""
    asked = options("encoder", __doc__ or "")
    learnt, held_out = prose()
    length = 32
    sizes = {"L": 3, "H": 4, "d_e": 128, "d_mlp": 512, "d_attn": 32, "d_mid": 32, "d_f": 128}
    recipe = Recipe(N_steps=6000, batch_size=32, eta=3e-3)
    if asked.quick:
        sizes = {"L": 2, "H": 4, "d_e": 64, "d_mlp": 256, "d_attn": 16, "d_mid": 16, "d_f": 64}
        recipe = Recipe(N_steps=500, batch_size=32, eta=3e-3)
        held_out = held_out[:4096]
    theta = small(ETransformerParameters, 0, N_V=N_V, ell_max=length, **sizes)
    # No norm stands before the first layer: small embeddings would make its attention blind. And
    # of waves a shift is a linear map, so that what stands beside a byte is soon found.
    waves = sinusoidal_positions(sizes["d_e"], length, "vaswani").astype(np.float32)
    theta = theta._replace(W_e=5 * theta.W_e, W_p=waves)

    def cut(pieces: list[Bytes], rng: np.random.Generator) -> Any:
        """A row out of each piece, from a place that is drawn, and corrupted."""
        return hide([x[(s := rng.integers(length)) : s + length] for x in pieces], P_LEARN, rng)

    theta, losses = adamw_run(
        asked,
        windows(learnt, 2 * length),
        theta,
        recipe,
        loss=loss,
        prepare=cut,
        tokens=lambda batch: int(batch[0].size),
        predicted=P_LEARN * length,
    )
    rows = [held_out[at : at + length] for at in range(0, len(held_out) - length + 1, length)]
    x_tilde, x, _ = hide(rows, P_MEASURE, np.random.default_rng(7))
    P = np.concatenate([ETransformer(row[None], theta, eps=EPS) for row in x_tilde])
    hidden = x_tilde == HIDDEN
    accuracy = float((P.argmax(axis=-2) == x)[hidden].mean())
    counted = best_accuracy(learnt.tolist(), x_tilde.ravel().tolist(), x.ravel().tolist(), HIDDEN)
    report(
        asked,
        {
            "hidden bytes guessed, held out": accuracy,
            f"counts of {counted.size} bytes around": counted.figure,
            "hidden bytes": float(hidden.sum()),
            "parameters": size(theta),
        },
        [Line("while it learns", smoothed(losses))],
        better=accuracy > counted.figure or asked.quick,
        x="step",
        y="nats a hidden byte",
        least=0.0,
    )


if __name__ == "__main__":
    main()
