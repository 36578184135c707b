r"""The tree as LaTeX, for a document with `amsmath` and `amssymb`.

latex(program.lines[3].statement) == r"$S\gets K^{\mathsf{T}}\,Q$"
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from spec.language.errors import SpecError
from spec.language.parse import statement
from spec.language.tree import Node
from spec.language.typesetting import (
    APPLY,
    BAR,
    HAT,
    TILDE,
    Atom,
    Piece,
    Reference,
    Typesetter,
    Word,
)

_LETTERS = {
    "ℓ": r"\ell ",
    "ℝ": r"\mathbb{R}",
    "ℕ": r"\mathbb{N}",
    "∞": r"\infty ",
    "ε": r"\varepsilon ",
    "λ": r"\lambda ",  # which Unicode calls lamda
    "Λ": r"\Lambda ",
    "ο": "o",
}
_LATIN_CAPITALS = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", "ABEZHIKMNOPTX", strict=True))
_SIGNS = {
    " ": r"\,",
    APPLY: "",
    "−": "-",
    "·": r"\cdot ",
    "⊙": r"\odot ",
    "×": r"\times ",
    "←": r"\gets ",
    "≡": r"\equiv ",
    "≤": r"\le ",
    "∧": r"\land ",
    "∨": r"\lor ",
    "≠": r"\ne ",
    "∈": r"\in ",
    "∝": r"\propto ",
    "|": r"\mid ",
    "∀": r"\forall ",
    "¬": r"\neg ",
    "∇": r"\nabla ",
    "∑": r"\sum ",
    "…": r"\dots ",
    "⟦": r"[\![",
    "⟧": r"]\!]",
    "{": r"\{",
    "}": r"\}",
    "′": "'",
}
_SPACED = "+−·⊙/=←≡≤<≠∧∨∈∝:,;"  # what TeX sets off, unless it is in braces
_ACCENTS = {HAT: r"\hat", TILDE: r"\tilde", BAR: r"\bar"}
_ESCAPED = {c: "\\" + c for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "—": "---",
    "–": "--",
    "√": r"$\surd$",
    "ᵀ": r"$^{\mathsf{T}}$",
}

_SYMBOL = re.compile(
    r"(?<![\w'’-])[^\W\d_ᵀ][\u0300-\u036f]*(?:[_^](?:\{[^{}]*\}|[^\W_ᵀ]+)|[¹²³⁴⁵⁶⁷⁸⁹])*(?![^\W_ᵀ])"
)
_WORDS = ("a", "A", "I")
_SCRIPT = re.compile(r"(?P<mark>[_^])(?:\{(?P<many>[^{}]*)\}|(?P<one>[^\W_ᵀ]+))")
_ENGLISH = re.compile(rf"(?P<symbol>{_SYMBOL.pattern})|(?<=[\d)]){_SCRIPT.pattern}")
_MARKS = {"_": "subscript", "^": "superscript"}


def latex(node: Node) -> str:
    """Write a node as a line of text, with its formulas in dollars."""
    written = ""
    pieces = Typesetter(_Style()).pieces(node)
    for formula, run in groupby(pieces, key=lambda piece: isinstance(piece, Atom)):
        if formula:
            value = "".join(piece.value for piece in run if isinstance(piece, Atom))
            written += f"${value.strip()}$"
        else:
            written += "".join(map(_written, run))
    return written


def _written(piece: Piece[str]) -> str:
    match piece:
        case Word(plain, True):
            return rf"\textbf{{{plain}}}"
        case Reference(algorithm):
            return f"Algorithm~{algorithm}"
    return piece.plain


def english(text: str) -> str:
    """Write English, in which symbols, letters and signs of the pseudocode may stand."""
    written, end = "", 0
    for match in _ENGLISH.finditer(text):
        written += "".join(map(_character, text[end : match.start()]))
        written += _symbol(match[0]) if match["symbol"] else _scripts(match[0])
        end = match.end()
    return written + "".join(map(_character, text[end:]))


def _symbol(glyph: str) -> str:
    """Write a symbol as the pseudocode has it, such as `W_o`; words of one letter are none."""
    if glyph in _WORDS:
        return glyph
    try:
        read = statement(f"return {glyph}", "", 1)
    except SpecError:
        return _scripts(glyph)
    return latex(read).removeprefix(r"\textbf{return} ")


def _scripts(text: str) -> str:
    """Write what is no term of the language, such as `2^{i/d_e}`, with scripts high and low."""
    written, end = "", 0
    for match in _SCRIPT.finditer(text):
        written += english(text[end : match.start()])
        script = english(match["many"] or match["one"] or "")
        written += rf"\text{_MARKS[match['mark']]}{{{script}}}"
        end = match.end()
    return written + "".join(map(_character, text[end:]))


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if character.isascii():
        return character
    if unicodedata.decomposition(character).startswith("<super>"):
        return f"$^{{{_raised(character)}}}$"
    value = _SIGNS.get(character) or _letter(character)
    return value if value == character else f"${value.strip()}$"


def _raised(character: str) -> str:
    """Write a small sign that stands high: ⁻, ⁶."""
    plain = unicodedata.normalize("NFKC", character)
    return _SIGNS.get(plain, plain)


def _letter(letter: str) -> str:
    known = _LETTERS.get(letter) or _LATIN_CAPITALS.get(letter)
    if known is not None:
        return known
    match unicodedata.name(letter).split():
        case ["GREEK", "SMALL", "LETTER", name]:
            return f"\\{name.lower()} "
        case ["GREEK", "CAPITAL", "LETTER", name]:
            return f"\\{name.capitalize()} "
    return letter


class _Style:
    """TeX for what stands between dollars."""

    def name(self, letters: str) -> str:
        if len(letters) == 1:
            return _letter(letters)
        return rf"\mathrm{{{''.join(_ESCAPED.get(c) or _letter(c) for c in letters)}}}"

    def number(self, digits: str) -> str:
        return digits

    def sign(self, sign: str, before: bool, after: bool) -> str:
        value = _SIGNS.get(sign, sign)
        if sign in ",;" and after:
            return rf"{value}\,"
        tight = sign in _SPACED and not before and not after
        return f"{{{value.strip()}}}" if tight else value

    def space(self) -> str:
        return r"\,"

    def transposed(self) -> str:
        return r"\mathsf{T}"

    def accent(self, base: str, mark: str) -> str:
        return f"{_ACCENTS[mark]}{{{base.strip()}}}"

    def scripts(self, base: str, below: str | None, above: str | None) -> str:
        lower = "" if below is None else f"_{{{below.strip()}}}"
        upper = "" if above is None else f"^{{{above.strip()}}}"
        return f"{base.strip()}{lower}{upper}" if lower or upper else base

    def root(self, inside: str) -> str:
        return rf"\sqrt{{{inside.strip()}}}"

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)
