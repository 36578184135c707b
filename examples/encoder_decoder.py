"""Algorithm 8 learns to spell: the romanised name of a Korean syllable becomes its letters.

"GAGG" becomes ㄱ, ㅏ, ㄲ. Unicode has a name for each of the 11,172 syllables, and says of what
letters it is made. One syllable in ten is held out: Algorithm 15 is to spell it without fault.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms import EDInference, EDTransformer, EDTransformerParameters
from algorithms.training import log_loss, pad
from examples.adamw_run import EPS, Recipe, adamw_run, size, small
from examples.command import options, report
from examples.line_plot import Line, smoothed

Theta = EDTransformerParameters[NDArray[np.float32]]
Tokens = NDArray[np.int64]
Pair = tuple[Tokens, Tokens]
PREFIX = "HANGUL SYLLABLE "


def pairs() -> tuple[list[Pair], int]:
    """All names and letters as tokens, and the size of the vocabulary.

    The last two tokens begin and end a text, as Algorithm 15 expects.
    """
    syllables = [chr(code) for code in range(0xAC00, 0xD7A4)]
    names = [unicodedata.name(one).removeprefix(PREFIX) for one in syllables]
    parts = [unicodedata.normalize("NFD", one) for one in syllables]
    token = {char: n for n, char in enumerate(sorted({*"".join(names + parts)}))}
    N_V = len(token) + 3
    return [
        (
            np.array([token[char] for char in name]),
            np.array([N_V - 2, *(token[char] for char in part), N_V - 1]),
        )
        for name, part in zip(names, parts, strict=True)
    ], N_V


def loss(theta: Theta, batch: Any) -> NDArray[np.float32]:
    """Nats, of all letters and what ends them."""
    (z, padding_z), (x, padding_x) = batch
    P = EDTransformer(
        z, x[:, :-1], theta, padding_z=padding_z, padding_x=padding_x[:, :-1], eps=EPS
    )
    counts = padding_x[:, 1:]
    return log_loss(P, x[:, 1:], counts)


def prepare(members: list[Pair], _: np.random.Generator) -> Any:
    """Names and letters, each filled up to the longest."""
    z, x = zip(*members, strict=True)
    return pad(z), pad(x)


def right(pair: Pair, theta: Theta) -> bool:
    """Whether Algorithm 15 spells a syllable without fault."""
    z, x = pair
    rng = np.random.default_rng(0)  # asked, and not listened to where tau is 0
    return np.array_equal(EDInference(z, theta, tau=0.0, rng=rng, ell_gen=len(x), eps=EPS), x)


def main() -> None:
    """Train, spell what was held out, and compare."""
    asked = options("encoder_decoder", __doc__ or "")
    every, N_V = pairs()
    order = np.random.default_rng(0).permutation(len(every))
    held_out = [every[n] for n in order[: len(every) // 10]]
    learnt = [every[n] for n in order[len(every) // 10 :]]
    sizes = {"L_enc": 2, "L_dec": 2, "H": 4, "d_e": 64, "d_mlp": 256, "d_attn": 16, "d_mid": 16}
    recipe = Recipe(N_steps=2000, batch_size=64, eta=2e-3, decay=0.01)
    if asked.quick:
        sizes |= {"L_enc": 1, "L_dec": 1, "d_e": 32, "d_mlp": 64}
        recipe = recipe._replace(N_steps=500, eta=5e-3)
        held_out = held_out[:200]
    theta = small(EDTransformerParameters, 0, N_V=N_V, ell_max=8, **sizes)
    theta, losses = adamw_run(
        asked,
        learnt,
        theta,
        recipe,
        loss=loss,
        prepare=prepare,
        tokens=lambda batch: int(sum(padding.sum() for _, padding in batch)),
        predicted=float(np.mean([len(x) - 1 for _, x in learnt])),
    )
    exact = sum(right(pair, theta) for pair in held_out) / len(held_out)
    report(
        asked,
        {
            "spelt without fault, held out": exact,
            "syllables held out": len(held_out),
            "parameters": size(theta),
        },
        [Line("while it learns", smoothed(losses))],
        better=exact >= 0.99 or asked.quick,
        x="step",
        y="nats a letter",
        least=0.0,
    )


if __name__ == "__main__":
    main()
