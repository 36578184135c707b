"""By how much the turns of a loop change lengths and numbers, where conditions decide."""

from dataclasses import dataclass, field

from spec.language import types
from spec.language.polynomials import Number, Poly
from spec.language.types import Key, Type


@dataclass(frozen=True)
class Change:
    """The least and the most by which one turn changes a length or a number."""

    least: Number
    most: Number

    @property
    def is_steady(self) -> bool:
        """Whether each turn changes it by the same number."""
        return self.least == self.most

    def ends(self, start: Type, turns: Poly) -> tuple[Poly, Poly]:
        """Return the least and the most that a length or a number is after some turns."""
        before = size_of(start)
        assert before is not None, "what changes has a size"
        return before + self.least * turns, before + self.most * turns


@dataclass
class FirstTurn:
    """What the first turn of a loop shows of each variable that it hands to the next.

    Attributes
    ----------
    growth
        By how much it makes sequences and caches longer.
    changes
        Instead, of sequences and numbers of which conditions decide, and of counts.
    reals
        The types of numbers that it makes real: so they were from the start.
    """

    growth: dict[Key, Poly] = field(default_factory=dict)
    changes: dict[Key, Change] = field(default_factory=dict)
    reals: dict[Key, Type] = field(default_factory=dict)


def is_sequence(type: Type) -> bool:
    """Say whether something is a sequence of tokens."""
    return isinstance(type, types.Tokens)


def size_of(type: Type) -> Poly | None:
    """Return how long a sequence is, or a number that is known."""
    match type:
        case types.Tokens(size) | types.Whole(Poly() as size):
            return size
    return None
