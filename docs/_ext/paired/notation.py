"""Plain Unicode mathematics as nodes: italics, scripts, keywords, links to algorithms.

    W^l_mlp1 X + b^l_mlp1 1ᵀ        ℝ^{d_attn×ℓ_x}        Σ_{t=1}^{ℓ−1} log P(θ)[x_n[t+1], t]

The marks `^`, `_`, `{` and `}` stay in the text, only unseen, so that what is copied, searched or
read aloud is what the `.alg` file says.
"""

import re
from collections.abc import Iterator
from functools import cache

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from spec.library import algorithms

from .domain import reference
from .elements import Element, element

_LETTER = r"[^\W\d_ᵀ⁰¹²³⁴⁵⁶⁷⁸⁹]"
_SCRIPT = r"(?:[\^_](?:\{[^{}]*\}|[^\W_]+)|[¹²³⁴⁵⁶⁷⁸⁹])"
_TOKEN = re.compile(
    rf"""
    (?P<script>(?<=[^\s(\[,])(?:{_SCRIPT})+)
  | (?P<algorithm>\bAlgorithm\ \d+\b)
  | (?P<appendix>\bAppendix\ [A-Z]\b)
  | (?P<number>\d+(?:\.\d+)?(?:e[-−]?\d+)?)
  | (?P<keyword>\b(?:for|if|then|else|while|end|return|sample\ a\ token|from|with\ probability)\b)
  | (?P<word>{_LETTER}{{2,}}(?:_{_LETTER}+)*)
  | (?P<variable>(?<!['’]){_LETTER}[\u0300-\u036f]*)
    """,
    re.VERBOSE,
)
_UPRIGHT = frozenset("ℝℕΔΣ")
_ENGLISH = frozenset("aAI")  # one-letter words of the prose


def math(text: str, inside: str | None = None) -> list[nodes.Node]:
    """Set a line of pseudocode, or a declaration; `inside` is the algorithm it stands in."""
    return list(_nodes(text, prose=False, inside=inside))


def prose(text: str) -> list[nodes.Node]:
    """Set a sentence with symbols in it."""
    return list(_nodes(text, prose=True, inside=None))


def _nodes(text: str, *, prose: bool, inside: str | None) -> Iterator[nodes.Node]:
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() > end:
            yield nodes.Text(text[end : match.start()])
        end = match.end()
        yield _node(match, prose=prose, inside=inside)
    if text[end:]:
        yield nodes.Text(text[end:])


def _node(match: re.Match[str], *, prose: bool, inside: str | None) -> nodes.Node:
    token = match[0]
    match match.lastgroup:
        case "script":
            return _scripts(token)
        case "algorithm" if token.split()[1] != inside:
            return reference("alg", token.split()[1], token)
        case "keyword" if not prose:
            return element("b", token)
        case "word" if not prose and _calls().get(token, inside) != inside:
            return reference("alg", _calls()[token], token)
        case "variable" if token not in (_ENGLISH if prose else _UPRIGHT):
            return element("var", token)
    return nodes.Text(token)


def _scripts(text: str) -> Element:
    """Set scripts after their letter: one is lowered or raised, two are stacked."""
    scripts = [_script(script) for script in re.findall(_SCRIPT, text)]
    return scripts[0] if len(scripts) == 1 else element("span", *scripts, classes=["stack"])


def _script(text: str) -> Element:
    if text[0] not in "^_":
        return element("sup", text, classes=["raised"])
    tag = "sup" if text[0] == "^" else "sub"
    braced = text[1] == "{"
    opening, inner, closing = (text[:2], text[2:-1], "}") if braced else (text[0], text[1:], "")
    return element(tag, _unseen(opening), *math(inner), *([_unseen(closing)] if closing else []))


def _unseen(mark: str) -> Element:
    return element("span", mark, classes=["unseen"])


@cache
def _calls() -> dict[str, str]:
    """Return the algorithms that are called by name."""
    return {a.title: a.id for a in algorithms().values() if a.signature is not None}


class SymbolRole(SphinxRole):
    """`:sym:`W^l_mlp1`` within a sentence."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Set the symbols."""
        return [element("span", *math(self.text), classes=["math"])], []
