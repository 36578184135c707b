"""The tree as MathML, cut where a line may be broken.

A browser does not break a line inside a `<math>` element, and cannot link a part of one. So a row
becomes several of them, with keywords and spaces between; and a name that is to be a link stands
apart, so that the link can be put around it.

Only elements of MathML Core are used. Every operator says how far it is set off, and that it does
not stretch, since browsers have different defaults. `<mi>` sets names of several letters upright;
a single letter that is upright says so.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby

from spec.language import typesetting
from spec.language.tree import Node
from spec.language.typesetting import BAR, HAT, TILDE, Atom, Break, Reference, Typesetter, Word

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

_SIGNS = {"*": "∗"}  # the ASCII sign is raised in most fonts
#: The sign that is drawn above a letter, by its combining mark.
ACCENTS = {HAT: "ˆ", TILDE: "˜", BAR: "¯"}
_THIN, _MEDIUM, _THICK = "0.17em", "0.22em", "0.28em"
_SPACES = {"/": _THIN} | dict.fromkeys("+−·⊙,;", _MEDIUM)  # the rest are relations


@dataclass(frozen=True)
class Formula:
    """A `<math>` element and what it says in plain Unicode.

    If it is nothing but a name that is to be a link, `called` is that name.
    """

    markup: str
    plain: str
    called: str | None = None


Piece = Formula | Word | Reference
Unit = tuple[Piece, ...]


def parts(node: Node) -> list[str]:
    """Return the plain texts of the smallest parts that a formula is put together from."""
    return [piece.plain for piece in Typesetter(_Style(), open=True).pieces(node)]


def units(node: Node, linked: Container[str] = (), marked: Container[int] = ()) -> Iterator[Unit]:
    """Cut a node into what must stay on one line.

    Parameters
    ----------
    linked
        The names that are to be links: they stand by themselves.
    marked
        The places, among `parts`, of the pieces to highlight, in rows of the class `marked`.
    """
    pieces = _with_marks(Typesetter(_Style(), linked, open=True).pieces(node), marked)
    for broken, run in groupby(pieces, key=lambda piece: isinstance(piece, Break)):
        if not broken:
            yield tuple(_formulas(run))


def _with_marks(
    pieces: Iterable[typesetting.Piece[str]], marked: Container[int]
) -> Iterator[typesetting.Piece[str]]:
    """Put marked pieces into rows, neighbours into one, so that they have one background."""
    for is_marked, run in groupby(enumerate(pieces), key=lambda pair: pair[0] in marked):
        for piece in _merged(piece for _, piece in run):
            if is_marked and isinstance(piece, Atom):
                piece = replace(piece, value=f'<mrow class="marked">{piece.value}</mrow>')
            yield piece


def _formulas(pieces: Iterable[typesetting.Piece[str]]) -> Iterator[Piece]:
    for piece in _merged(pieces):
        if isinstance(piece, Atom):
            head = f'<math xmlns="{NAMESPACE}" alttext="{escape(piece.plain)}">'
            yield Formula(f"{head}{piece.value}</math>", piece.plain, piece.called)
        elif not isinstance(piece, Break):
            yield piece


def _merged(pieces: Iterable[typesetting.Piece[str]]) -> Iterator[typesetting.Piece[str]]:
    """Merge neighbouring atoms; a name that is to be a link stays apart."""
    for is_plain, run in groupby(pieces, lambda p: isinstance(p, Atom) and p.called is None):
        group = list(run)
        if is_plain:
            atoms = [piece for piece in group if isinstance(piece, Atom)]
            value = "".join(atom.value for atom in atoms)
            yield Atom(value, "".join(atom.plain for atom in atoms))
        else:
            yield from group


class _Style:
    """Elements as text."""

    def name(self, letters: str) -> str:
        upright = ' mathvariant="normal"' if letters in "ℝℕΔ" else ""
        return f"<mi{upright}>{escape(letters)}</mi>"

    def number(self, digits: str) -> str:
        return f"<mn>{digits}</mn>"

    def sign(self, sign: str, before: bool, after: bool) -> str:
        if sign == " ":  # a sign that is not seen, but read aloud
            return f'<mo lspace="0" rspace="{_THIN}">\u2062</mo>'
        shown = _SIGNS.get(sign) or escape(sign)
        space = _SPACES.get(sign, _THICK)
        left, right = (space if apart else "0" for apart in (before, after))
        form = ' form="prefix"' if sign in "−∇¬∀" and not before else ""
        rigid = ' stretchy="false"' if sign in "()[]{}⟦⟧|" else ""
        return f'<mo{form}{rigid} lspace="{left}" rspace="{right}">{shown}</mo>'

    def space(self) -> str:
        return f'<mspace width="{_THIN}"></mspace>'

    def transposed(self) -> str:
        return '<mi mathvariant="normal">T</mi>'

    def accent(self, base: str, mark: str) -> str:
        on_top = f'<mo stretchy="false">{ACCENTS[mark]}</mo>'
        return f'<mover accent="true">{base}{on_top}</mover>'

    def scripts(self, base: str, below: str | None, above: str | None) -> str:
        match below, above:
            case None, None:
                return base
            case None, _:
                return f"<msup>{base}{above}</msup>"
            case _, None:
                return f"<msub>{base}{below}</msub>"
        return f"<msubsup>{base}{below}{above}</msubsup>"

    def root(self, inside: str) -> str:
        return f"<msqrt>{inside}</msqrt>"

    def row(self, parts: Sequence[str]) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"
