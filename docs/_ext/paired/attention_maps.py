"""Attention maps, computed by the functions themselves while the pages are built."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from algorithms import Attention, AttentionParameters, softmax, unidirectional_mask
from spec.pairing import algorithm_of

TOKENS = ("the", "cat", "chased", "its", "tail")

# The keys and the queries: for each token, which features it has, and which it looks for. Chosen
# by hand, so that the maps have a pattern to see.
NOUN = [0.0, 1.0, 0.0, 0.0, 1.0]
DETERMINER = [1.0, 0.0, 0.0, 1.0, 0.0]
RECENT = [0.0, 0.25, 0.5, 0.75, 1.0]
SEEKS_NOUN = [0.0, 0.0, 1.0, 1.0, 0.5]
SEEKS_DETERMINER = [0.5, 1.0, 0.0, 0.0, 0.5]
SEEKS_RECENT = [1.0, 1.0, 1.0, 1.0, 1.0]
SHARPNESS = 4.0

CELL, GUTTER, TOP = 40, 52, 24  # in units of the drawing


@dataclass(frozen=True)
class Map:
    """Weights with a column for each token that attends, a row for each attended to.

    Below a column stands its sum or, unless `written` is None, what is written there. A map of a
    mistake has its id.
    """

    title: str
    remark: str
    weights: NDArray[np.float64]
    mask: NDArray[np.bool_]
    tokens: tuple[str, ...] = TOKENS
    written: tuple[str, ...] | None = None
    mistake: str | None = None

    @property
    def size(self) -> int:
        """The width and the height of the cells."""
        return CELL * len(self.tokens)

    @property
    def width(self) -> int:
        """The width of the drawing."""
        return GUTTER + self.size

    def svg(self) -> str:
        """Draw the map; its colours come from the page's style sheet."""
        label = escape(f"{self.title} {self.remark}\n{self.text()}")
        view = f"0 0 {self.width} {TOP + self.size + 26}"
        inner = "".join([*self._labels(), *self._cells(), *self._sums()])
        return f'<svg viewBox="{view}" role="img" aria-label="{label}">{inner}</svg>'

    def text(self) -> str:
        """Write the map as text."""
        head = "".join(f"{token:>8}" for token in ("", *self.tokens))
        rows = zip(self.tokens, self.weights, strict=True)
        foot = "".join(f"{token:>8}" for token in ("writes", *(self.written or ())))
        return "\n".join(
            [
                head,
                *(f"{t:>8}" + "".join(f"{_short(w):>8}" for w in row) for t, row in rows),
                *([foot] if self.written else []),
            ]
        )

    def _labels(self) -> Iterator[str]:
        for i, token in enumerate(map(escape, self.tokens)):
            yield _text(token, _middle(i), TOP - 9, "token")
            yield _text(token, GUTTER - 8, TOP + CELL * i + CELL / 2 + 4, "row")

    def _cells(self) -> Iterator[str]:
        for (z, x), weight in np.ndenumerate(self.weights):
            left, top = GUTTER + CELL * x + 1, TOP + CELL * z + 1
            box = f'x="{left}" y="{top}" width="{CELL - 2}" height="{CELL - 2}" rx="3"'
            if self.mask[z, x]:
                yield f'<rect class="cell" style="--weight: {weight:.3f}" {box}/>'
                css = "weight dark" if weight > 0.55 else "weight"
                if weight:
                    yield _text(_short(weight), _middle(x), TOP + CELL * z + CELL / 2 + 4, css)
            else:
                yield f'<rect class="masked" {box}/>'

    def _sums(self) -> Iterator[str]:
        bottom = TOP + self.size + 18
        if self.written is not None:
            if self.written:
                yield _text("writes", GUTTER - 8, bottom, "row sum")
            for x, token in enumerate(map(escape, self.written)):
                yield _text(token, _middle(x), bottom, "token written")
            return
        yield _text("sum", GUTTER - 8, bottom, "row sum")
        for x, total in enumerate(self.weights.sum(axis=0)):
            css = "sum" if np.isclose(total, 1) else "sum wrong"
            yield _text(_short(total), _middle(x), bottom, css)


def maps() -> tuple[Map, ...]:
    """Return the weights that `Attention` uses, and those of two mistakes of the same shape."""
    keys = [NOUN, DETERMINER, RECENT]
    queries = [SEEKS_NOUN, SEEKS_DETERMINER, SEEKS_RECENT]
    # The last rows are the identity matrix, and W_v keeps only them. So V is the identity, and the
    # result for a token is the column of its weights.
    X = np.vstack([keys, queries, np.eye(len(TOKENS))])
    W_k, W_q, W_v = np.split(np.eye(len(X)), [3, 6])
    W_q *= SHARPNESS
    b = np.zeros(3)
    W_qkv = AttentionParameters(W_q, b, W_k, b, W_v, np.zeros(len(TOKENS)))
    Mask = np.asarray(unidirectional_mask(X))
    S = np.where(Mask, (W_k @ X).T @ (W_q @ X), -np.inf) / np.sqrt(3)
    return (
        Map(
            f"Algorithm {algorithm_of(Attention)}.",
            "Each column is a distribution.",
            Attention(X, X, W_qkv, Mask),
            Mask,
        ),
        Map(
            "The mask transposed.",
            "Each token sees its future.",
            Attention(X, X, W_qkv, Mask.T),
            Mask.T,
            mistake="mask-transposed",
        ),
        Map(
            "Softmax along the wrong axis.",
            "Rows sum to 1.",
            softmax(S.T).T,
            Mask,
            mistake="softmax-axis",
        ),
    )


def _middle(x: int) -> float:
    return GUTTER + CELL * x + CELL / 2


def _text(text: str, x: float, y: float, css: str) -> str:
    return f'<text class="{css}" x="{x}" y="{y}">{text}</text>'


def _short(number: float) -> str:
    """Write a number with two digits, 1 and 0 bare: `.37`."""
    text = f"{number:.2f}"
    return {"1.00": "1", "0.00": "0"}.get(text, text.removeprefix("0"))
