"""One distribution under each function that leaves tokens out, drawn while the pages are built."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
from docutils import nodes
from numpy.typing import NDArray
from sphinx.util.docutils import SphinxDirective

from algorithms import temper
from algorithms.extensions.token_weights import min_p, nucleus, top_k

from .elements import Markup, element

TOKENS = "abcdefgh"
# Two are as likely as each other where `top_k` has its limit.
P = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.08, 0.05, 0.02])

BAR, GAP, TALL, TOP, FOOT = 22, 4, 84, 14, 18  # in units of the drawing


@dataclass(frozen=True)
class Bars:
    """What is drawn from: a bar for each token, and an outline for each that is left out."""

    title: str
    remark: str
    q: NDArray[np.float64]

    def svg(self, tallest: float) -> str:
        """Draw the bars, to a scale; their colours come from the page's style sheet."""
        width = len(TOKENS) * (BAR + GAP)
        label = escape(f"{self.title}. {self.remark} {self.text()}")
        return (
            f'<svg viewBox="0 0 {width} {TOP + TALL + FOOT}" role="img" aria-label="{label}">'
            f"{''.join(self._bars(TALL / tallest))}</svg>"
        )

    def text(self) -> str:
        """Write the bars as text."""
        return ", ".join(f"{v} {_short(q)}" for v, q in zip(TOKENS, self.q, strict=True))

    def _bars(self, scale: float) -> Iterator[str]:
        for i, (token, q) in enumerate(zip(TOKENS, self.q, strict=True)):
            left, middle = i * (BAR + GAP) + GAP / 2, (i + 0.5) * (BAR + GAP)
            height = scale * (q or P[i])
            css = "bar" if q else "gone"
            yield (
                f'<rect class="{css}" x="{left:g}" y="{TOP + TALL - height:.1f}" width="{BAR}" '
                f'height="{height:.1f}" rx="2"/>'
            )
            if q:
                yield f'<text x="{middle:g}" y="{TOP + TALL - height - 4:.1f}">{_short(q)}</text>'
            css = "token" if q else "token gone"
            yield f'<text class="{css}" x="{middle:g}" y="{TOP + TALL + 14}">{token}</text>'


class DistributionsDirective(SphinxDirective):
    """`.. distributions::` draws p, and what is left of it under each function."""

    def run(self) -> list[nodes.Node]:
        """Return the drawings, each with its caption."""
        all_bars = drawn()
        tallest = max(bars.q.max() for bars in all_bars)
        figures = [
            element(
                "figure",
                Markup(html=bars.svg(tallest)),
                element("figcaption", element("b", bars.title), " ", bars.remark),
            )
            for bars in all_bars
        ]
        plain = "\n".join(f"{bars.title}: {bars.text()}" for bars in all_bars)
        return [element("div", *figures, classes=["bars"], plain=plain)]


def drawn() -> tuple[Bars, ...]:
    """Return p, tempered, and what each function leaves of it."""
    q = {
        "top_k(p, k=4)": top_k(P, k=4),
        "nucleus(p, alpha=0.6)": nucleus(P, alpha=0.6),
        "min_p(p, alpha=0.25)": min_p(P, alpha=0.25),
        "temper(p, tau=0.6)": temper(P, 0.6),
        "nucleus(temper(p, tau=0.6), alpha=0.6)": nucleus(temper(P, 0.6), alpha=0.6),
    }
    return (
        Bars("p", "What a model gives.", P),
        *(
            Bars(name, f"{np.count_nonzero(weights)} tokens stay.", weights / weights.sum())
            for name, weights in q.items()
        ),
    )


def _short(number: float) -> str:
    """Write a probability with two digits, as `.37`."""
    return f"{number:.2f}".removeprefix("0")
