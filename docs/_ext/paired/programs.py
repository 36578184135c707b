"""Programs as weights: their code, and the attention maps of a run while the pages are built."""

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from numpy.typing import NDArray
from sphinx.util.docutils import SphinxDirective

from algorithms import (
    Attention,
    AttentionParameters,
    DTransformer,
    DTransformerParameters,
    ETransformer,
    programs,
    unidirectional_mask,
)
from algorithms.extensions.scaled_dot_product import attend

from .attention_maps import Map
from .elements import Markup, element

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Run:
    """A program at work: its sizes, the names of its tokens, a text, and a remark on each map.

    `parts` are functions whose code is shown before that of the one which makes the weights.
    """

    weights: Callable[..., Any]
    sizes: Mapping[str, int]
    tokens: tuple[str, ...]
    text: tuple[str, ...]
    remarks: tuple[tuple[str, str], ...]
    parts: tuple[Callable[..., Any], ...] = ()

    @property
    def x(self) -> NDArray[np.int64]:
        """The text as token IDs."""
        return np.array([self.tokens.index(token) for token in self.text])

    def maps(self) -> list[Map]:
        """Run the algorithm with these weights, and return the weights of each head.

        What the algorithm writes in the end stands below the last.
        """
        theta = self.weights(**self.sizes)
        if isinstance(theta, AttentionParameters):
            X = np.eye(len(self.tokens))[:, self.x]
            Mask = np.asarray(unidirectional_mask(X))
            seen = [(weights_of(X, theta, Mask), Mask)]
            written = [f"{p:.3f}".strip("0") for p in Attention(X, X, theta, Mask)[0]]
        else:
            seen, P = attention_of(theta, self.x)
            written = [self.tokens[token] for token in P.argmax(axis=0)]
        below: list[tuple[str, ...]] = [()] * (len(seen) - 1) + [tuple(written)]
        return [
            Map(title, remark, weights, mask, self.text, foot)
            for (title, remark), (weights, mask), foot in zip(
                self.remarks, seen, below, strict=True
            )
        ]


def weights_of(X: Floats, W_qkv: AttentionParameters[Floats], Mask: Bits) -> Floats:
    """Return the weights of a head: what it makes of values that are the identity matrix."""
    Q = W_qkv.W_q @ X + W_qkv.b_q[:, None]
    K = W_qkv.W_k @ X + W_qkv.b_k[:, None]
    weights: Floats = attend(Q, K, np.eye(X.shape[1]), Mask)
    return weights


def attention_of(theta: Any, x: NDArray[np.int64]) -> tuple[list[tuple[Floats, Bits]], Floats]:
    """Return the weights and the mask of each head of each layer, and P."""
    seen: list[tuple[Floats, Bits]] = []

    def watched(X: Floats, Z: Floats, W_qkv: AttentionParameters[Floats], Mask: Bits) -> Floats:
        heads = (AttentionParameters(*head) for head in zip(*W_qkv, strict=True))
        seen.extend((weights_of(X[0], head, Mask[0]), Mask[0]) for head in heads)
        return Attention(X, Z, W_qkv, Mask)

    if isinstance(theta, DTransformerParameters):
        return seen, DTransformer(x, theta, attention=watched)
    return seen, ETransformer(x, theta, attention=watched)


RUNS = {
    "previous_token": Run(
        programs.previous_token_weights,
        {"N_V": 26, "ell_max": 10},
        (*LETTERS,),
        (*"wolves",),
        (("The only head", "asks for the position before."),),
        (programs.previous_token.previous_token_head,),
    ),
    "induction": Run(
        programs.induction_weights,
        {"N_V": 26, "ell_max": 10},
        (*LETTERS,),
        (*"tomatom",),
        (
            ("Layer 1", "asks for the position before."),
            ("Layer 2", "looks for the last token whose predecessor is this one."),
        ),
    ),
    "majority": Run(
        programs.majority_weights,
        {"ell_max": 10},
        ("0", "1"),
        (*"1001110",),
        (("The only head", "asks for nothing: each column is a mean of all so far."),),
    ),
    "dyck_depth": Run(
        programs.dyck_depth_weights,
        {"ell_max": 10},
        ("(", ")", *map(str, range(11))),
        (*"(()(()",),
        (("The only head", "asks for nothing, too. The MLP counts."),),
    ),
    "reverse": Run(
        programs.reverse_weights,
        {"N_V": 27, "ell_max": 10},
        (*LETTERS, "."),
        (*"drawer.",),
        (
            ("Layer 1", "finds the end, for all alike."),
            ("Layer 2", "looks as far before the end as each stands after the beginning."),
        ),
    ),
    "histogram": Run(
        programs.histogram_weights,
        {"symbols": 26, "ell_max": 10},
        (*LETTERS, "^", *map(str, range(1, 10))),
        (*"^banana",),
        (("The only head", "looks for equal tokens, and for the beginning."),),
    ),
    "sort": Run(
        programs.sort_weights,
        {"symbols": 3, "ell_max": 10},
        (*"abn^",),
        (*"^banana",),
        tuple(
            (f"Head {place}", f"looks for what is “{letter}” or less, and for the beginning.")
            for place, letter in enumerate("abn", start=1)
        ),
    ),
    "laplace": Run(
        programs.laplace_weights,
        {},
        ("0", "1", "^"),
        (*"^11011",),
        (("The head of Algorithm 4", "gives the beginning the weight of two tosses."),),
    ),
}


class WeightsDirective(SphinxDirective):
    """`.. weights:: induction` shows the code of its weights, and the maps of a run."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the code, and the maps."""
        shown = RUNS[directives.choice(self.arguments[0], sorted(RUNS))]
        self.env.note_dependency(inspect.getfile(shown.weights))
        code = "\n\n".join(map(body, (*shown.parts, shown.weights)))
        maps = shown.maps()
        figures = [
            element(
                "figure",
                Markup(html=map.svg()),
                element("figcaption", element("b", map.title), " ", map.remark),
                style=f"flex-basis: {map.width / 17:.1f}rem",
            )
            for map in maps
        ]
        plain = "\n\n".join(map.text() for map in maps)
        name = f"algorithms.programs.{shown.weights.__name__}"
        caption = f"What :func:`~{name}` does, and a run of its weights"
        if shown.sizes:
            sizes = ", ".join(f"{size}={number}" for size, number in shown.sizes.items())
            caption += f", with ``{sizes}``"
        return [
            *self.parse_text_to_nodes(f"{caption}:"),
            nodes.literal_block(code, code, language="python", classes=["weights"]),
            element("div", *figures, classes=["maps"], plain=plain),
        ]


def body(function: Callable[..., Any]) -> str:
    """Return what stands after the docstring of a function, as it stands in its file."""
    source = dedent(inspect.getsource(inspect.unwrap(function)))
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    last = definition.body[0].end_lineno or 0
    return dedent("\n".join(source.splitlines()[last:]))
