"""Algorithm D10's tuning: is a bracket in a line of Python closed by one of another kind?

The lines are those of Python's own library, cut into tokens. First Algorithm 9 guesses hidden
tokens of all lines, which takes no labels. Then, with the head of Algorithm X6, it learns from
2,000 lines whether a closing bracket was changed. It is compared with the same model that has seen
these 2,000 lines alone; with naive Bayes on them; and with an n-gram model of all lines, to which a
line is odd if a token is unlikely. Whoever knows the rule, and keeps a stack, makes no mistake:
none of these is told it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms import ETransformer, ETransformerParameters, sinusoidal_positions
from algorithms.extensions.classifier import EClassifier, EClassifierParameters
from algorithms.extensions.corruption import corrupt
from algorithms.training import log_loss, pad
from examples.adamw_run import EPS, Recipe, adamw_run, size, small
from examples.class_loss import class_loss, right
from examples.code_lines import CLOSING, LONGEST, Line, Vocabulary, library_lines
from examples.command import options, report
from examples.line_plot import Line as Drawn
from examples.line_plot import smoothed
from examples.naive_bayes import NaiveBayes
from examples.odd_lines import best_cut

Floats = NDArray[np.float32]
Tokens = NDArray[np.int64]
Body = ETransformerParameters[Floats]
Theta = EClassifierParameters[Floats]
Labelled = tuple[Line, int]

P_MASK = 0.3


def labelled(lines: Sequence[Line], rng: np.random.Generator) -> list[Labelled]:
    """Lines that close two brackets, not only round ones; one is changed in every other line."""
    asked = [
        line
        for line in lines
        if sum(token in CLOSING for token in line) > 1 and {"[", "{"} & {*line}
    ]
    order = [asked[n] for n in rng.permutation(len(asked))]
    return [(changed(line, rng), 1) if n % 2 else (line, 0) for n, line in enumerate(order)]


def changed(line: Line, rng: np.random.Generator) -> Line:
    """The line with one closing bracket, any of them, of another kind, either of two."""
    at = rng.choice([n for n, token in enumerate(line) if token in CLOSING])
    other = rng.choice([token for token in CLOSING if token != line[at]])
    return (*line[:at], str(other), *line[at + 1 :])


def hide(rows: Sequence[Tokens], vocabulary: Vocabulary, rng: np.random.Generator) -> Any:
    """Lines as they are hidden, as they were, where, and which places are no padding."""
    special = np.array([vocabulary.first])
    hidden = [
        corrupt(
            row,
            p_mask=P_MASK,
            mask_token=vocabulary.hidden,
            N_V=vocabulary.N_V,
            rng=rng,
            special=special,
        )
        for row in rows
    ]
    (x_tilde, padding), (x, _) = pad([row for row, _ in hidden]), pad(rows)
    a = np.zeros(padding.shape, bool)
    a[np.asarray(padding)] = np.concatenate([chosen for _, chosen in hidden])
    return x_tilde, x, a, padding


def hidden_loss(theta: Body, batch: Any) -> Floats:
    """Nats, of all tokens that are to be guessed."""
    x_tilde, x, a, padding = batch
    return log_loss(ETransformer(x_tilde, theta, eps=EPS, padding=padding), x, a)


def loss(theta: Theta, batch: Any) -> Floats:
    """Nats, of all lines."""
    x, padding, c = batch
    return class_loss(EClassifier(x, theta, eps=EPS, padding=padding), c)


def main() -> None:
    """Learn from all lines, then from labelled ones, and compare."""
    asked = options("brackets", __doc__ or "")
    every, unseen = library_lines()
    rng = np.random.default_rng(0)
    known, held_out = labelled(every, rng)[:2000], labelled(unseen, rng)
    vocabulary = Vocabulary.of(every, 250)
    d_e = 64
    sizes = {"L": 2, "H": 4, "d_e": d_e, "d_mlp": 128, "d_attn": 16, "d_mid": 16, "d_f": d_e}
    sizes |= {"N_V": vocabulary.N_V, "ell_max": LONGEST + 1}
    pretraining = Recipe(N_steps=500 if asked.quick else 1500, batch_size=32, eta=3e-3)
    tuning = Recipe(N_steps=250, batch_size=32, eta=3e-3)

    drawn = small(ETransformerParameters, 0, **sizes)
    # No norm stands before the first layer: small embeddings would make its attention blind.
    waves = sinusoidal_positions(d_e, LONGEST + 1, "vaswani").astype(np.float32)
    drawn = drawn._replace(W_e=5 * drawn.W_e, W_p=waves)
    body, losses = adamw_run(
        asked,
        [vocabulary(line) for line in every],
        drawn,
        pretraining,
        loss=hidden_loss,
        prepare=lambda rows, rng: hide(rows, vocabulary, rng),
        tokens=lambda batch: int(batch[3].sum()),
        predicted=P_MASK * float(np.mean([len(line) for line in every])),
    )

    def batch(lines: Sequence[Labelled]) -> Any:
        x, padding = pad([vocabulary(line) for line, _ in lines])
        return x, padding, np.array([c for _, c in lines])

    def tuned(body: Body) -> tuple[Theta, float]:
        """The model that tells lines apart, and how many that it has not seen."""
        head = small(EClassifierParameters, 1, **sizes, N_C=2)
        theta, _ = adamw_run(
            asked._replace(file=None),
            known,
            head._replace(W_e=body.W_e, W_p=body.W_p, layers=body.layers),
            tuning,
            loss=loss,
            prepare=lambda lines, _: batch(lines),
            tokens=lambda batch: int(batch[1].sum()),
            predicted=1.0,
        )
        found = 0
        for at in range(0, len(held_out), 100):
            x, padding, c = batch(held_out[at : at + 100])
            found += right(EClassifier(x, theta, eps=EPS, padding=padding), c)
        return theta, found / len(held_out)

    theta, accuracy = tuned(body)
    _, from_scratch = tuned(drawn)
    of_known, of_held_out = (
        ([tuple(vocabulary(line).tolist()) for line, _ in part], [c for _, c in part])
        for part in (known, held_out)
    )
    bayes, longest = max(
        (NaiveBayes(*of_known, longest).accuracy(*of_held_out), longest) for longest in (1, 2, 3, 4)
    )
    counted = best_cut(
        [tuple(vocabulary(line).tolist()) for line in every],
        of_known,
        of_held_out,
        symbols=vocabulary.N_V,
        sizes=5,
        marked=[vocabulary.number[token] for token in CLOSING],
    )
    report(
        asked,
        {
            "lines told apart, held out": accuracy,
            "without the hidden tokens": from_scratch,
            f"counts of {counted.size} tokens before": counted.figure,
            f"naive Bayes of {longest} tokens": bayes,
            "lines held out": len(held_out),
            "lines with a label": len(known),
            "lines without": len(every),
            "parameters": size(theta),
        },
        [Drawn("while it guesses hidden tokens", smoothed(losses))],
        better=accuracy > max(counted.figure, bayes) and (asked.quick or accuracy > from_scratch),
        x="step",
        y="nats a hidden token",
        least=0.0,
    )


if __name__ == "__main__":
    main()
