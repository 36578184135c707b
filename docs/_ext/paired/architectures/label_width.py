"""How wide a label is in print, about: a figure is laid out before any font is known."""

import re

from spec.language.tree import Named, Node
from spec.language.typesetting import Reference, Word
from spec.render import mathml

_NARROW, _WIDE, _UPPER, _OTHER = 0.33, 0.85, 0.68, 0.54  # of the size of the font
SIZE, SMALL = 13.0, 11.5  # of a step, of a note
STEP_MARGIN, NOTE_MARGIN = 40.0, 8.0  # left and right together: beside a step stands a number


def width(plain: str, size: float) -> float:
    """Return how wide a text is, at most; the marks of scripts take no room."""
    seen = re.sub("[_^{}]", "", plain)
    return size * sum(map(_em, seen))


def widest(label: str | Node) -> float:
    """Return how wide a box must be so that no unbroken part of a label is wider."""
    return _margin(label) + max(_units(label))


def lines_of(label: str | Node, box: float) -> int:
    """Return how many rows a label takes in a box."""
    room, rows, used = box - _margin(label), 1, 0.0
    for unit in _units(label):
        if used and used + unit > room:
            rows, used = rows + 1, 0.0
        used += unit + 4
    return rows


def _margin(label: str | Node) -> float:
    return NOTE_MARGIN if isinstance(label, Named) else STEP_MARGIN


def _units(label: str | Node) -> list[float]:
    if isinstance(label, str):
        return [width(label, SIZE)]
    size = SMALL if isinstance(label, Named) else SIZE
    return [width("".join(_plain(piece) for piece in unit), size) for unit in mathml.units(label)]


def _plain(piece: mathml.Piece) -> str:
    return piece.plain if isinstance(piece, mathml.Formula | Word | Reference) else ""


def _em(letter: str) -> float:
    if letter in " ,.:;'ijlt|()[]⟦⟧\u0303\u0302\u0304":
        return _NARROW
    if letter in "mwWM≤≥≡=←∈×∧∨+−":
        return _WIDE
    return _UPPER if letter.isupper() else _OTHER
