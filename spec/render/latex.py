r"""The tree as LaTeX, for a document with `amsmath` and `amssymb`.

    latex(program.lines[3].statement) == r"$S\gets K^{\mathsf{T}}\,Q$"

A program becomes a heading, a list of what it declares, and its numbered lines in a `tabbing`.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from spec.language.alg_file import STEP
from spec.language.tree import Line, Node, Program
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


def document(program: Program) -> str:
    """Write an algorithm, with the numbers of its lines."""
    return "\n".join([*_heading(program), *_head(program), *_body(program)])


def _heading(program: Program) -> Iterator[str]:
    head = program.layout
    title = _text(head.title) if program.signature is None else latex(program.signature)
    yield rf"\noindent\textbf{{Algorithm {head.id}:}} {title}"
    if head.comment is not None:
        yield rf"\par\noindent\textit{{{_text(head.comment)}}}"


def _head(program: Program) -> Iterator[str]:
    if not program.rows:
        return
    yield r"\begin{list}{}{\labelwidth9em\leftmargin9.5em\topsep.5ex\parsep0pt\itemsep0pt}"
    above = None
    for row in program.rows:
        label = "" if row.section == above else rf"\textbf{{{row.section}}}\hfill"
        indent = row.indent // STEP
        shift = rf"\hspace*{{{indent}em}}" if indent else ""
        note = "" if row.note is None else f" --- {_text(row.note)}"
        yield rf"\item[{label}] {shift}{latex(row.node)}{note}"
        above = row.section
    yield r"\end{list}"


def _body(program: Program) -> Iterator[str]:
    depth = max(line.layout.indent for line in program.lines)
    yield r"\begin{tabbing}"
    yield r"\hspace{2em}\=" + r"\hspace{1.5em}\=" * depth + r"\kill"
    yield "\\\\\n".join(row for line in program.lines for row in _line(line))
    yield r"\end{tabbing}"


def _line(line: Line) -> Iterator[str]:
    tabs = r"\>" * (line.layout.indent + 1)
    if line.layout.comment is not None:
        yield rf"{tabs}\textit{{{_text(line.layout.comment)}}}"
    claim = "" if line.claim is None else rf"\`$\triangleright$ {latex(line.claim)}"
    yield f"{line.number}{tabs}{latex(line.statement)}{claim}"


def _written(piece: Piece[str]) -> str:
    match piece:
        case Word(plain, True):
            return rf"\textbf{{{plain}}}"
        case Reference(algorithm):
            return f"Algorithm~{algorithm}"
    return piece.plain


def _text(text: str) -> str:
    """Write English, in which a letter or a sign of the pseudocode may stand."""
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if character.isascii():
        return character
    value = _SIGNS.get(character) or _letter(character)
    return value if value == character else f"${value.strip()}$"


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
