"""Algorithm 10 learns to write the help on Python's topics, byte by byte.

It is compared with n-grams of bytes, the best of all lengths, on paragraphs that neither has seen.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from algorithms import DTransformer, DTransformerParameters, sinusoidal_positions
from algorithms.signatures.arrays import entries
from algorithms.training import log_loss
from examples.adamw_run import EPS, Recipe, adamw_run, size, small
from examples.command import options, report
from examples.line_plot import Line, smoothed
from examples.ngrams import BYTES, best_bits_per_byte
from examples.prose import Bytes, prose, windows

Theta = DTransformerParameters[NDArray[np.float32]]


def loss(theta: Theta, x: Bytes) -> NDArray[np.float32]:
    """Nats; x has one row for each sequence."""
    P, y = DTransformer(x[:, :-1], theta, eps=EPS), x[:, 1:]
    return log_loss(P, y, np.ones(y.shape, bool))


def bits_per_byte(theta: Theta, text: Bytes, length: int) -> float:
    """Bits of a text, each byte but the first ones with at least half a window before it."""
    bits = math.log2(BYTES)  # the first byte: nothing is before it
    done = 1
    for start in range(0, len(text) - 1, length // 2):
        x = text[start : start + length + 1]
        p = entries(DTransformer(x[:-1], theta, eps=EPS), x[1:])
        new = p[max(0, done - start - 1) :]
        bits -= float(np.log2(new.astype(np.float64)).sum())
        done = start + len(x)
        if done == len(text):
            break
    return bits / len(text)


def main() -> None:
    """Train, measure, and compare."""
    asked = options("decoder", __doc__ or "")
    learnt, held_out = prose()
    length = 32 if asked.quick else 128
    sizes = {"L": 3, "H": 4, "d_e": 128, "d_mlp": 512, "d_attn": 32, "d_mid": 32}
    recipe = Recipe(N_steps=5000, batch_size=8, eta=3e-3, decay=0.1)
    if asked.quick:
        sizes = {"L": 2, "H": 4, "d_e": 64, "d_mlp": 256, "d_attn": 16, "d_mid": 16}
        recipe = Recipe(N_steps=1000, batch_size=16, eta=4e-3)
    theta = small(DTransformerParameters, 0, N_V=BYTES, ell_max=length, **sizes)
    # Of waves a shift is a linear map, so that what stands before a byte is soon found.
    waves = sinusoidal_positions(sizes["d_e"], length, "vaswani").astype(np.float32)
    theta = theta._replace(W_p=np.float32(0.1) * waves)

    def cut(pieces: list[Bytes], rng: np.random.Generator) -> Bytes:
        """A sequence out of each piece, from a place that is drawn."""
        return np.stack([x[(s := rng.integers(length)) : s + length + 1] for x in pieces])

    theta, losses = adamw_run(
        asked,
        windows(learnt, 2 * length),
        theta,
        recipe,
        loss=loss,
        prepare=cut,
        tokens=np.size,
        predicted=length,
    )
    bits = bits_per_byte(theta, held_out, length)
    ngram = best_bits_per_byte(bytes(learnt.tolist()), bytes(held_out.tolist()))
    in_bits = [value / math.log(2) for value in losses]
    report(
        asked,
        {
            "bits a byte, held out": bits,
            f"best n-gram's, {ngram.size} bytes before": ngram.figure,
            "parameters": size(theta),
        },
        [
            Line("while it learns", smoothed(in_bits)),
            Line("held out", [(0, bits)]),
            Line("best n-gram, held out", [(0, ngram.figure)]),
        ],
        better=bits < ngram.figure or asked.quick,
        x="step",
        y="bits a byte",
        least=0.0,
    )


if __name__ == "__main__":
    main()
