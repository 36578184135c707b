"""What is inferred of an algorithm: types, and obligations on sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from spec.language.polynomials import Atom, Poly
from spec.language.tree import Facts, Node
from spec.language.types import Key, Type


@dataclass(frozen=True)
class Obligation:
    """A condition on the sizes without which a line makes no sense: `excess` = 0, or ≥ 0.

    Attributes
    ----------
    line
        The number of the line.
    claim
        The condition as people read it: `t ≤ length(x)`.
    relation
        `=` or `≥`.
    excess
        The polynomial that must be 0, or at least 0: length(x) − t.
    node
        The part of the line that needs it.
    """

    line: int
    claim: str
    relation: Literal["=", "≥"]
    excess: Poly
    node: Node


#: Lengths and numbers that are known in a run alone, by the number of a line and their variables.
Sizes = dict[int, dict[Key, Atom]]


@dataclass
class Typing:
    """The types of an algorithm, and its obligations.

    Attributes
    ----------
    types
        The type of each expression.
    indices
        For each binder, also of a loop over lines, the atoms that its names are.
    bounds
        The lower and the upper bound of each index, and of each length that a `while` makes
        grow: the upper bound is None if there is none.
    calls
        For each call of an algorithm, the callee's sizes as polynomials in the caller's.
    arguments
        For each call of an algorithm, its inputs, with abbreviations written out.
    callees
        For each call of an algorithm, the callee's id.
    made
        For each target that a loop fills entry by entry, the type of the filled variable.
    grown
        For each loop over lines, by its number, what it hands from turn to turn that depends on
        the data: the lengths of sequences, and numbers.
    left
        For each line after which a length or a number depends on the data, by its number, these.
    after
        For each line that sets something, the type of each variable that it set.
    obligations
        The obligations of all lines, in order.
    broadcasts
        The number and the text of each sum of a matrix and a single number.
    """

    types: Facts[Type] = field(default_factory=Facts)
    indices: Facts[tuple[Atom, ...]] = field(default_factory=Facts)
    bounds: dict[Atom, tuple[Poly, Poly | None]] = field(default_factory=dict)
    calls: Facts[Mapping[Atom, Poly]] = field(default_factory=Facts)
    arguments: Facts[tuple[Node, ...]] = field(default_factory=Facts)
    callees: Facts[str] = field(default_factory=Facts)
    made: Facts[Type] = field(default_factory=Facts)
    grown: Sizes = field(default_factory=dict)
    left: Sizes = field(default_factory=dict)
    after: dict[int, dict[Key, Type]] = field(default_factory=dict)
    obligations: list[Obligation] = field(default_factory=list)
    broadcasts: list[tuple[int, str]] = field(default_factory=list)
