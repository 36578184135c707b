"""What is inferred of an algorithm: the types of its expressions, and what must hold of sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from spec.language.polynomials import Atom, Poly
from spec.language.tree import Facts, Node
from spec.language.types import Key, Type


@dataclass(frozen=True)
class Obligation:
    """What must hold of the sizes for a line to make sense: `excess` = 0, or ≥ 0.

    Attributes
    ----------
    line
        The number of the line.
    claim
        What is claimed, in words of the line.
    relation
        `=` or `≥`.
    excess
        The polynomial that is, or is not below, 0.
    node
        What asks for it.
    """

    line: int
    claim: str
    relation: Literal["=", "≥"]
    excess: Poly
    node: Node


@dataclass
class Typing:
    """What is known of an algorithm, once its types are inferred.

    Attributes
    ----------
    types
        The type of each expression.
    indices
        For each binder, the atoms that its names are; for a loop over lines, by its binder too.
    bounds
        Between what an atom lies that is an index, or the length that a `while` grows: the upper
        bound is None if there is none.
    calls
        For each call of an algorithm, the sizes of the callee in those of the caller.
    arguments
        For each call of an algorithm, its inputs with abbreviations undone.
    callees
        For each call of an algorithm, its id.
    made
        For each target that a loop fills entry by entry, the type of what it makes.
    grown
        For each `while`, by its number, the lengths of the sequences that it hands from turn to
        turn.
    after
        For each line that sets something, the type of each variable that it set.
    obligations
        What the sizes must fulfil.
    broadcasts
        Where a number is added to every entry of a matrix: the line, and the text.
    """

    types: Facts[Type] = field(default_factory=Facts)
    indices: Facts[tuple[Atom, ...]] = field(default_factory=Facts)
    bounds: dict[Atom, tuple[Poly, Poly | None]] = field(default_factory=dict)
    calls: Facts[Mapping[Atom, Poly]] = field(default_factory=Facts)
    arguments: Facts[tuple[Node, ...]] = field(default_factory=Facts)
    callees: Facts[str] = field(default_factory=Facts)
    made: Facts[Type] = field(default_factory=Facts)
    grown: dict[int, dict[Key, Atom]] = field(default_factory=dict)
    after: dict[int, dict[Key, Type]] = field(default_factory=dict)
    obligations: list[Obligation] = field(default_factory=list)
    broadcasts: list[tuple[int, str]] = field(default_factory=list)
