"""The state of a run of one algorithm, and the observer of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spec.language.checked import Checked
from spec.language.polynomials import Atom, Poly
from spec.language.tree import Line, Node
from spec.language.types import Key, Matrix
from spec.machine.values import Value


class MachineError(ValueError):
    """Arguments that do not fit the declarations of an algorithm, or a run that cannot go on."""


@dataclass
class Frame:
    """The variables and sizes of a run; `lengths` holds those of a family's sequences."""

    checked: Checked
    variables: dict[Key, Value] = field(default_factory=dict)
    sizes: dict[Atom, int] = field(default_factory=dict)
    lengths: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)

    def size(self, size: Poly) -> int:
        """Return the value of a size in this run."""
        try:
            return size.value(self.sizes)
        except KeyError:  # one of its atoms is the length of a member of a family, or unknown
            return size.value({atom: self.atom(atom) for atom in size.atoms})

    def atom(self, atom: Atom) -> int:
        """Return the value of an atom in this run."""
        if atom.at:
            return self.lengths[atom.name, tuple(map(self.size, atom.at))]
        if atom not in self.sizes:
            raise MachineError(f"Algorithm {self.checked.id} needs {atom}")
        return self.sizes[atom]

    def shape_of(self, node: Node) -> tuple[int, int]:
        """Return the numbers of rows and columns of the value of an expression."""
        type = self.checked.typing.types[node]
        assert isinstance(type, Matrix), "only a matrix has a shape"
        return self.shape(type)

    def error(self, problem: str) -> MachineError:
        """Return an error of the algorithm that runs."""
        return MachineError(f"Algorithm {self.checked.id}: {problem}")

    def shape(self, type: Matrix) -> tuple[int, int]:
        """Return the numbers of rows and columns that a matrix has in this run."""
        return self.size(type.rows), self.size(type.columns)


class Watcher:
    """An observer of a run; its methods do nothing, and can be overridden."""

    def call(self, frame: Frame) -> None:
        """Called when an algorithm begins, with its arguments in the frame."""

    def line(self, frame: Frame, line: Line, values: Mapping[str, Value]) -> None:
        """Called after a line, with the values that it set; a result is named `return`."""
