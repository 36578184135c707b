"""Mathematics as nodes: pseudocode from its tree, and the symbols within a sentence.

Pseudocode is set from its tree as MathML. A sentence has no tree, and MathML in it would be copied
with a new line around each symbol. So in a sentence letters are italics of the same font, and the
marks `^`, `_`, `{` and `}` stay in the text with no width.
"""

import re
import unicodedata
from collections.abc import Container, Iterator
from functools import cache

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from spec import symbols
from spec.errata import errata
from spec.language.alg_file import ID
from spec.language.errors import SpecError
from spec.language.parse import statement
from spec.language.plain_text import text
from spec.language.tree import Node, Return
from spec.language.typesetting import Reference, Word
from spec.library import algorithms
from spec.render import mathml

from .domain import reference
from .elements import Element, Markup, element

_LETTER = r"[^\W\d_ᵀ⁰¹²³⁴⁵⁶⁷⁸⁹]"
_SCRIPT = r"(?:[\^_](?:\{[^{}]*\}|[^\W_ᵀ]+)|[¹²³⁴⁵⁶⁷⁸⁹])"
_TOKEN = re.compile(
    rf"""
    (?P<script>(?<=[^\s(\[,⁻⁰¹²³⁴⁵⁶⁷⁸⁹])(?:{_SCRIPT})+)
  | (?P<algorithm>\bAlgorithm\ {ID}\b)
  | (?P<erratum>\b[AE]\d+\b)
  | (?P<appendix>\bAppendix\ [A-Z]\b)
  | (?P<number>\d+(?:\.\d+)?(?:e[-−]?\d+)?)
  | (?P<word>{_LETTER}{{2,}}(?:_{_LETTER}+)*|{_LETTER}\d\w*)
  | (?P<variable>(?<!['’-]){_LETTER}[\u0300-\u036f]*)
    """,
    re.VERBOSE,
)
_NO_SYMBOLS = frozenset("aAIℝℕΔΣ")  # words of one letter, and upright letters


def math(node: Node, inside: str | None = None, marked: Container[int] = ()) -> Element:
    """Set pseudocode.

    Browsers copy MathML with each letter on a line of its own. So the text of the `.alg` file lies
    over the formulas, transparent: a reader selects, copies and searches this text. It is hidden
    from screen readers, which read the formulas.

    Parameters
    ----------
    inside
        The id of the algorithm or the symbol that this is part of: it is not linked to itself.
    marked
        The parts to highlight, by their places in `spec.render.mathml.parts`.
    """
    plain = text(node)
    names = {name for name, (_, id) in _linked().items() if id != inside}
    parts: list[nodes.Node | str] = [element("span", plain, classes=["plain"], aria_hidden="true")]
    for i, unit in enumerate(mathml.units(node, names, marked)):
        pieces = [_piece(piece, inside) for piece in unit]
        whole = pieces if len(pieces) == 1 else [element("span", *pieces, classes=["whole"])]
        parts += [" ", *whole] if i else whole
    return element("span", *parts, classes=["math"], plain=plain)


def _piece(piece: mathml.Piece, inside: str | None) -> nodes.Node:
    match piece:
        case mathml.Formula(html, called=None):
            return Markup(html=html)
        case mathml.Formula(html, called=str(name)):
            return reference(*_linked()[name], Markup(html=html))
        case Reference(id) if id != inside:
            return reference("alg", id, piece.plain)
        case Word(keyword=True):
            return element("b", piece.plain)
    return nodes.Text(piece.plain)


def symbol(glyph: str) -> Element:
    """Set a symbol: as pseudocode, or as plain text if it is none by itself, such as `←`."""
    try:
        read = statement(f"return {glyph}", "", 1)
    except SpecError:
        return element("span", glyph, classes=["math"])
    assert isinstance(read, Return)
    return math(read.value, glyph)


def prose(text: str) -> list[nodes.Node]:
    """Set a sentence with symbols in italics, algorithms and errata as links."""
    joined: list[nodes.Node] = []
    for node in _nodes(text):
        if isinstance(node, nodes.Text) and joined and isinstance(joined[-1], nodes.Text):
            joined[-1] = nodes.Text(joined[-1] + node)
        else:
            joined.append(node)
    return joined


def _nodes(text: str) -> Iterator[nodes.Node]:
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() > end:
            yield nodes.Text(text[end : match.start()])
        end = match.end()
        yield _node(match)
    if text[end:]:
        yield nodes.Text(text[end:])


def _node(match: re.Match[str]) -> nodes.Node:
    token = match[0]
    match match.lastgroup:
        case "script":
            return _scripts(token)
        case "algorithm":
            return reference("alg", token.split()[1], token)
        case "erratum" if token in errata():
            return reference("erratum", token, token)
        case "variable" if token not in _NO_SYMBOLS:
            return _variable(token)
    return nodes.Text(token)


def _variable(token: str) -> Element:
    """Set a letter. Its accent is drawn above it, since fonts place theirs for small letters."""
    decomposed = unicodedata.normalize("NFD", token)
    letter, marks = decomposed[0], decomposed[1:]
    if not marks:
        return element("var", letter)
    classes = ["accented", "capital"] if letter.isupper() else ["accented"]
    drawn = "".join(mathml.ACCENTS[mark] for mark in marks)
    return element("var", letter, _unseen(marks), classes=classes, data_accent=drawn)


def _scripts(text: str) -> Element:
    """Set scripts after their letter: a single script lowered or raised, two scripts stacked."""
    scripts = [_script(script) for script in re.findall(_SCRIPT, text)]
    return scripts[0] if len(scripts) == 1 else element("span", *scripts, classes=["stack"])


def _script(text: str) -> Element:
    if text[0] not in "^_":
        return element("sup", text, classes=["raised"])
    tag = "sup" if text[0] == "^" else "sub"
    braced = text[1] == "{"
    opening, inner, closing = (text[:2], text[2:-1], "}") if braced else (text[0], text[1:], "")
    return element(tag, _unseen(opening), *prose(inner), *([_unseen(closing)] if closing else []))


def _unseen(mark: str) -> Element:
    return element("span", mark, classes=["unseen"])


@cache
def _linked() -> dict[str, tuple[str, str]]:
    """Return the role and the id of what a name in pseudocode leads to, by the name.

    It is the algorithm that lines call by this name; otherwise the row of a word, such as `GELU`
    or `Mask`, in the table of symbols. A symbol of one letter has no link: there would be hundreds.
    """
    words = {
        glyph: ("symbol", glyph)
        for glyph, row in symbols.table().items()
        if row.kind == "function" or (len(glyph) > 1 and glyph.isalpha())
    }
    named = (one for one in algorithms().values() if one.signature is not None)
    return words | {one.title: ("alg", one.id) for one in named}


class SymbolRole(SphinxRole):
    """`:sym:`W^l_mlp1`` within a sentence."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Set the symbols."""
        return [element("span", *prose(self.text), classes=["symbols"])], []
