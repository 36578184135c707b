"""Whether the open obligations of an algorithm are those that it declares to be open.

What is declared must be open, and what is open must be declared: a lost proof is seen at once,
and so is a new one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from spec.language import tree
from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.language.header import written_size
from spec.language.inference.typing import Obligation
from spec.language.parse import row
from spec.language.plain_text import text
from spec.language.polynomials import Atom, Poly
from spec.language.tree import Node


class DeclarationError(SpecError):
    """A condition that does not compare two sizes."""


@dataclass(frozen=True)
class Declared:
    """A condition on sizes that an algorithm declares to be open at a line.

    Attributes
    ----------
    line
        The number of the line.
    condition
        The condition: `length(x̂) ≤ ℓ_max`.
    erratum
        The id of the departure from the paper that gives the reason: `A5`.
    """

    line: int
    condition: str
    erratum: str

    @cached_property
    def excess(self) -> Poly:
        """The polynomial that is at least 0 if the condition holds.

        Raises
        ------
        DeclarationError
            If it does not compare two sizes by ≤.
        """
        (compare,) = row(self.condition, "requirements", "—", "condition").conditions
        if compare.operator != "≤":
            raise DeclarationError(f"{self.condition} is not written with ≤")
        return written_size(compare.right, _named) - written_size(compare.left, _named)

    def is_of(self, obligation: Obligation) -> bool:
        """Say whether an obligation is the declared one; sizes are compared as they are written."""
        return self.line == obligation.line and str(self.excess) == str(obligation.excess)


class Known(NamedTuple):
    """An obligation that is open, with the declaration that it is."""

    obligation: Obligation
    declared: Declared


@dataclass(frozen=True)
class Balance:
    """The open obligations of an algorithm, compared with those it declares.

    Attributes
    ----------
    known
        Obligations that are open and declared.
    unexpected
        Obligations that are open and not declared.
    outdated
        Declarations of conditions that are proved, or are not obligations at all.
    """

    known: tuple[Known, ...] = ()
    unexpected: tuple[Obligation, ...] = ()
    outdated: tuple[Declared, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the open obligations are exactly the declared ones."""
        return not self.unexpected and not self.outdated


def balance(obligations: Iterable[Obligation], declared: Iterable[Declared]) -> Balance:
    """Compare the obligations that are open with those declared to be."""
    declarations = tuple(dict.fromkeys(declared))
    pairs = [(o, next((d for d in declarations if d.is_of(o)), None)) for o in obligations]
    known = tuple(Known(obligation, matching) for obligation, matching in pairs if matching)
    met = {pair.declared for pair in known}
    return Balance(
        known,
        unexpected=tuple(obligation for obligation, matching in pairs if matching is None),
        outdated=tuple(declaration for declaration in declarations if declaration not in met),
    )


def declared(checked: Checked) -> tuple[Declared, ...]:
    """Return what an algorithm declares to be open, in its section `Open`."""
    return tuple(
        Declared(row.node.line.value, text(row.node.condition), row.node.erratum)
        for row in checked.program.section("Open")
        if isinstance(row.node, tree.Open)
    )


def _named(node: Node) -> Poly:
    """Return the size that a name or a length is: nothing but its text is known here."""
    match node:
        case tree.Name() | tree.Call("length", (tree.Name(),), ()):
            return Poly.of(Atom(text(node)))
    raise DeclarationError(f"{text(node)} is not a size")
