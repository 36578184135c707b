"""The types of values: matrices, counts, sequences, parameters of an algorithm, families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from spec.language.polynomials import ONE, Atom, Poly

HOLE = "•"  # in the place of the script that is an index


@dataclass(frozen=True)
class Key:
    """A variable, by its base and the scripts that are part of its name.

    `W^l_mlp1` and `W^i_mlp1` are one variable, a family: its upper script is an index, which is
    `•` in the key. `glyph` is the name as it was first written.
    """

    base: str
    above: str = ""
    below: str = ""
    glyph: str = field(default="", compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A run looks up variables far more often than it makes keys.
        object.__setattr__(self, "_hash", hash((self.base, self.above, self.below)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Key], tuple[str, ...]]:
        return Key, (self.base, self.above, self.below, self.glyph)  # another process hashes anew

    def __str__(self) -> str:
        return self.glyph

    @property
    def is_family(self) -> bool:
        """Whether one of its scripts is an index."""
        return HOLE in (self.above, self.below)


@dataclass(frozen=True)
class Whole:
    """A whole number with a known value, or one of 1 … `high`, or any whole number."""

    value: Poly | None = None
    high: Poly | None = None

    def __str__(self) -> str:
        if self.value is not None:
            return f"the number {self.value}"
        return "a whole number" if self.high is None else f"one of 1 … {self.high}"


@dataclass(frozen=True)
class Matrix:
    """Real numbers in rows and columns; a vector is a column, a number a matrix of one entry."""

    rows: Poly = ONE
    columns: Poly = ONE
    bits: bool = False  # each entry 0 or 1

    @property
    def entries(self) -> Poly:
        """How many numbers it holds."""
        return self.rows * self.columns

    def __str__(self) -> str:
        if self.rows == ONE and self.columns == ONE:
            return "0 or 1" if self.bits else "a number"
        shape = f"{self.rows}×{self.columns}"
        return f"{shape}, of 0 and 1" if self.bits else shape


@dataclass(frozen=True)
class Tokens:
    """A sequence of token IDs."""

    length: Poly

    def __str__(self) -> str:
        return f"a sequence of {self.length} tokens"


@dataclass(frozen=True)
class Bundle:
    """The parameters of an algorithm, with its sizes as polynomials in the sizes around them."""

    algorithm: str
    sizes: tuple[tuple[Atom, Poly], ...]

    def __str__(self) -> str:
        own = [f"{atom} = {size}" for atom, size in self.sizes if str(size) != str(atom)]
        return f"parameters of Algorithm {self.algorithm}" + " with " * bool(own) + ", ".join(own)


@dataclass(frozen=True)
class Family:
    """A member for each index from 1 to `count`; the member's type may depend on the index."""

    index: Atom
    count: Poly
    member: Type

    def __str__(self) -> str:
        return f"{self.count} times {self.member}"

    def at(self, index: Poly) -> Type:
        """Return the type of one member."""
        return map_sizes(self.member, lambda size: size.replace({self.index: index}))


@dataclass(frozen=True)
class Function:
    """A function of parameters, as `P(θ) ← …` defines it."""

    parameter: Key
    argument: Type
    result: Type

    def __str__(self) -> str:
        return f"a function of {self.parameter}"


@dataclass(frozen=True)
class Subset:
    """A set of positions, each one of 1 … `high`."""

    high: Poly

    def __str__(self) -> str:
        return f"a set of positions up to {self.high}"


@dataclass(frozen=True)
class Product:
    """Several results of one call."""

    parts: tuple[Type, ...]

    def __str__(self) -> str:
        return f"{len(self.parts)} results"


Type = Whole | Matrix | Tokens | Bundle | Family | Function | Subset | Product

SCALAR = Matrix()
BIT = Matrix(bits=True)
N_V = Poly.of(Atom("N_V"))
TOKEN = Whole(high=N_V)


def is_size(value: Poly) -> bool:
    """Say whether a number is a size, and not an index."""
    return any(atom.kind == "size" for atom in value.atoms)


def has_bits(type: Type) -> bool:
    """Say whether all numbers of a value are known to be 0 or 1."""
    return is_bit(type) or (isinstance(type, Matrix) and type.bits)


def is_bit(type: Type) -> bool:
    """Say whether a number is known to be 0 or 1."""
    match type:
        case Whole(Poly() as value):
            return value.constant in (0, 1)
        case Matrix(bits=bits):
            return bits and type.entries == ONE
    return False


def is_product(type: Type) -> bool:
    """Say whether a matrix, or one of a family, has a size that is a product: `H d_mid`."""
    matrix = type.member if isinstance(type, Family) else type
    return isinstance(matrix, Matrix) and any(
        len(size.atoms) > 1 for size in (matrix.rows, matrix.columns)
    )


def map_sizes(type: Type, change: Callable[[Poly], Poly]) -> Type:
    """Return a type with each of its sizes changed, the type itself where none of them is."""
    match type:
        case Matrix(rows, columns, bits):
            height, width = change(rows), change(columns)
            if height is rows and width is columns:  # as nearly always
                return type
            return Matrix(height, width, bits)
        case Whole(value, high):
            return Whole(
                None if value is None else change(value), None if high is None else change(high)
            )
        case Tokens(length):
            return Tokens(change(length))
        case Bundle(algorithm, sizes):
            return Bundle(algorithm, tuple((atom, change(size)) for atom, size in sizes))
        case Family(index, count, member):
            return Family(index, change(count), map_sizes(member, change))
        case Function(parameter, argument, result):
            return Function(parameter, map_sizes(argument, change), map_sizes(result, change))
        case Subset(high):
            return Subset(change(high))
        case Product(parts):
            return Product(tuple(map_sizes(part, change) for part in parts))


def sizes_of(type: Type) -> set[Atom]:
    """Return every atom in the sizes of a type, except the index of a family."""
    atoms: set[Atom] = set()

    def collect(size: Poly) -> Poly:
        atoms.update(size.all_atoms)
        return size

    map_sizes(type, collect)
    return atoms - ({type.index} if isinstance(type, Family) else set())
