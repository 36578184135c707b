"""Which obligations on sizes are open, beside those that an algorithm declares to be.

What is declared must be open, and what is open declared: a proof that is lost is seen at once,
and so is one that is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.language.inference.typing import Obligation
from spec.language.parse import row
from spec.language.plain_text import text
from spec.language.polynomials import Atom, Poly
from spec.language.tree import Binary, Call, Name, Node, Number, Open


class DeclarationError(SpecError):
    """A condition that is none on sizes."""


@dataclass(frozen=True)
class Declared:
    """A condition on sizes, as `length(x̂) ≤ ℓ_max`, that is not to be proved at a line.

    `erratum` is the id of the departure from the paper that says why.
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
            If it is no condition on sizes, written with ≤.
        """
        (compare,) = row(self.condition, "requirements", "—", "condition").conditions
        if compare.operator != "≤":
            raise DeclarationError(f"{self.condition} is not written with ≤")
        return _size(compare.right) - _size(compare.left)

    def is_of(self, obligation: Obligation) -> bool:
        """Say whether an obligation is what is declared; sizes are compared as they are written."""
        return self.line == obligation.line and str(self.excess) == str(obligation.excess)


class Known(NamedTuple):
    """An obligation that is open, and declared to be."""

    obligation: Obligation
    declared: Declared


@dataclass(frozen=True)
class Balance:
    """What is open beside what is declared.

    Attributes
    ----------
    known
        What is both.
    unexpected
        What is open and not declared.
    outdated
        What is declared and not open: it is proved, or is no obligation at all.
    """

    known: tuple[Known, ...] = ()
    unexpected: tuple[Obligation, ...] = ()
    outdated: tuple[Declared, ...] = ()

    @property
    def holds(self) -> bool:
        """Say whether one is the other."""
        return not self.unexpected and not self.outdated


def balance(obligations: Iterable[Obligation], declared: Iterable[Declared]) -> Balance:
    """Compare the obligations that are open with those declared to be."""
    left = dict.fromkeys(declared)
    known: list[Known] = []
    unexpected: list[Obligation] = []
    for obligation in obligations:
        found = next((one for one in left if one.is_of(obligation)), None)
        if found is None:
            unexpected.append(obligation)
        else:
            known.append(Known(obligation, found))
    met = {one.declared for one in known}
    outdated = tuple(one for one in left if one not in met)
    return Balance(tuple(known), tuple(unexpected), outdated)


def declared(checked: Checked) -> tuple[Declared, ...]:
    """Return what an algorithm declares to be open, in its section `Open`."""
    return tuple(_declared(checked))


def _declared(checked: Checked) -> Iterator[Declared]:
    for one in checked.program.section("Open"):
        node = one.node
        assert isinstance(node, Open), "the grammar has nothing else there"
        yield Declared(node.line.value, text(node.condition), node.erratum)


def _size(node: Node) -> Poly:
    """Return a size as it is written; what it is called is all that is known of it here."""
    match node:
        case Number(value):
            return Poly.of(value)
        case Name() | Call("length", (Name(),), ()):
            return Poly.of(Atom(text(node)))
        case Binary("+", left, right):
            return _size(left) + _size(right)
        case Binary("−", left, right):
            return _size(left) - _size(right)
        case Binary(" " | "·", left, right):
            return _size(left) * _size(right)
    raise DeclarationError(f"{text(node)} is no size")
