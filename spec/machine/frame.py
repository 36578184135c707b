"""A run of one algorithm: its variables and its sizes; and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spec.language.checked import Checked
from spec.language.polynomials import Atom, Poly
from spec.language.tree import Line
from spec.language.types import Key, Matrix
from spec.machine.values import Value


class MachineError(ValueError):
    """Inputs that are not what an algorithm declares, or a run that cannot go on."""


@dataclass
class Frame:
    """A run of one algorithm: its variables, its sizes, and the lengths of its sequences."""

    checked: Checked
    variables: dict[Key, Value] = field(default_factory=dict)
    sizes: dict[Atom, int] = field(default_factory=dict)
    lengths: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)

    def size(self, size: Poly) -> int:
        """Return the number that a size is in this run."""
        return size.value({atom: self.atom(atom) for atom in size.atoms})

    def atom(self, atom: Atom) -> int:
        """Return the number that an atom is in this run."""
        if atom.at:
            return self.lengths[atom.name, tuple(map(self.size, atom.at))]
        if atom not in self.sizes:
            raise MachineError(f"Algorithm {self.checked.id} needs {atom}")
        return self.sizes[atom]

    def shape(self, type: Matrix) -> tuple[int, int]:
        """Return how many rows and columns a matrix has in this run."""
        return self.size(type.rows), self.size(type.columns)


class Watcher:
    """Sees a run; the methods do nothing, and are there to be overridden."""

    def call(self, frame: Frame) -> None:
        """An algorithm begins, its inputs and parameters set."""

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        """A line has been carried out, and set these values; a result is called `return`."""
