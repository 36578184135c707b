"""The tree back to text: plain Unicode, as the files are written.

text(program.lines[0].statement) == "Q ← W_q X + b_q 1ᵀ"
"""

from functools import lru_cache

from spec.language.tree import Node
from spec.language.typesetting import Typesetter


@lru_cache(2**15)  # nodes that are equal are written alike
def text(node: Node) -> str:
    """Write a node as it stands in the files."""
    return "".join(piece.plain for piece in _PLAIN.pieces(node))


class _Unstyled:
    """A style without marks: of each piece, only its plain text is used."""

    def name(self, *_: object) -> None:
        return None

    number = sign = space = transposed = accent = scripts = root = row = name


_PLAIN = Typesetter(_Unstyled())
