"""Inputs for an algorithm, drawn at random from its declarations.

No two sizes are equal and no parameter is 0 or 1, so that neither a transposed matrix nor a lost
bias goes unseen. Every real number is exact in float32 unless a caller wants all digits, so that a
function of either precision gets exactly the numbers that the pseudocode gets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spec.inputs.size_table import size_table
from spec.language import types
from spec.language.checked import Checked
from spec.language.header import Header
from spec.language.polynomials import ONE, Atom, Poly
from spec.language.types import Key, Type, sizes_of
from spec.library import LibraryError
from spec.machine import Parameters, Value

#: The sizes of arguments unless a caller asks for others.
SIZES = size_table()
#: How many tokens each sequence of a data set is longer than the sequence before it.
LONGER = 3
#: Where numbers are drawn that are not in (0.2, 0.8). A longer step leads to where gradients are
#: large, and rounding errors with them; runs of some tokens are longer than one.
RANGES = {"η": (0.02, 0.08), "μ_span": (1.2, 3.0)}


@dataclass(frozen=True)
class Inputs:
    """The arguments of one run of an algorithm, in the paper's form: tokens count from 1."""

    inputs: tuple[Value, ...]
    parameters: tuple[Value, ...]
    hyperparameters: Mapping[str, Value] = field(default_factory=dict)  # by the paper's names
    keys: tuple[Key, ...] = ()  # the names of the parameters


def draw(
    algorithms: Mapping[str, Checked],
    id: str,
    source: np.random.Generator,
    sizes: Mapping[str, int] | None = None,
    values: Mapping[str, Value] | None = None,
    digits: npt.DTypeLike = np.float32,
) -> Inputs:
    """Draw arguments for an algorithm.

    Parameters
    ----------
    algorithms, id
        All algorithms, by id, and the id of the one that takes the arguments.
    source
        The source of random numbers.
    sizes, values
        Sizes that replace those of `SIZES`, and hyperparameters that are not drawn, by name.
    digits
        The format in which each entry of an array of real numbers is exact.

    Raises
    ------
    ValueError
        If no algorithm has a size, or a hyperparameter, of such a name.
    LibraryError
        If there is no size by a name that the algorithm has.
    """
    headers = [checked.header for checked in algorithms.values()]
    named = {*SIZES, *(name for header in headers for name in header.size_names)}
    named |= {str(key) for header in headers for key in header.hyperparameters}
    if unknown := [name for name in (*(sizes or {}), *(values or {})) if name not in named]:
        raise ValueError(f"no algorithm has a size or hyperparameter {unknown[0]}")
    known = as_required({**SIZES, **(sizes or {})}, algorithms[id].header)
    return _Draw(algorithms, source, known, dict(values or {}), digits).inputs(id)


def as_required(sizes: Mapping[str, int], header: Header) -> Mapping[str, int]:
    """Return sizes as an algorithm requires them: equal, or one not larger than another.

    The one that may not be larger gives way, `d_rot` in `2 d_rot ≤ d_attn`. Where lengths are
    limited the larger side grows: `ℓ_max` in `length(x) ≤ ℓ_max`, x itself in `k + 1 ≤ length(x)`.
    An index is as large as it may be.
    """
    equal = {
        atom.name: size.value({part: sizes[part.name] for part in size.atoms})
        for atom, size in header.equal.items()
        if all(part.name in sizes for part in size.atoms)
    }
    known = {**sizes, **equal}
    for requirement in header.requirements:
        excess = requirement.excess.replace({at: high for at, (_, high) in header.bounds.items()})
        at = {atom: known[atom.name] for atom in excess.atoms if atom.name in known}
        if len(at) < len(excess.atoms):
            continue
        step = 1 if any("(" in atom.name for atom in at) else -1
        for atom in at:
            slope = excess.coefficients(atom)[1].constant
            while slope is not None and slope * step > 0 > excess.value(at) and at[atom] > 0:
                at[atom] += step
            known[atom.name] = at[atom]
    return known


def per_token(header: Header) -> bool:
    """Say whether an algorithm takes one token; in Python such a function takes all at once.

    The vectors of an optimiser, O, are made of parameters; neither a number nor a distribution is a
    token. A place that counts alone decide, as Algorithm R4's, is one of several side by side, too.
    """
    if header.id.startswith("O") or header.distributions:
        return False
    single = all(
        isinstance(type, types.Whole | types.Matrix) and type != types.SCALAR
        for _, type in header.inputs
    )
    outputs = [type for _, type in header.outputs]
    columns = [
        type for _, type in (*header.inputs, *header.outputs) if isinstance(type, types.Matrix)
    ]
    counts = all(isinstance(type, types.Whole) for _, type in header.inputs)
    kinds = types.Matrix | types.Whole if counts else types.Matrix
    alike = all(isinstance(type, kinds) for type in outputs)
    return single and alike and all(type.columns == ONE for type in columns)


@dataclass(frozen=True)
class _Draw:
    algorithms: Mapping[str, Checked]
    source: np.random.Generator
    sizes: Mapping[str, int]
    values: Mapping[str, Value]
    digits: npt.DTypeLike

    def inputs(self, id: str) -> Inputs:
        header = self.algorithms[id].header
        taken = {key for key, _ in (*header.inputs, *header.parameters)}
        inputs = tuple(self.input(header, key, type) for key, type in header.inputs)
        parameters = tuple(self.value(key, type) for key, type in header.parameters)
        # A size is an argument of its own only where no array has it.
        shapes = [type for _, type in (*header.inputs, *header.parameters)]
        chosen = header.hyperparameters.values()
        shapes += [type for type in chosen if isinstance(type, types.Matrix)]
        read = {atom for type in shapes for atom in sizes_of(type)}
        hyperparameters = {
            str(key): self.values.get(str(key), self.value(key, type))
            for key, type in self.hyperparameters(id).items()
            if key not in taken and not (isinstance(type, types.Whole) and sizes_of(type) & read)
        }
        return Inputs(
            inputs, parameters, hyperparameters, tuple(key for key, _ in header.parameters)
        )

    def input(self, header: Header, key: Key, type: Type) -> Value:
        match type:
            case types.Whole(Poly() as index) if not types.is_size(index):
                low, high = self.least(header, index), self.bound(index)
                return int(self.source.integers(low, high + 1))
        value = self.value(key, type)
        match type:
            case types.Whole(Poly() as count) if types.is_size(count) and per_token(header):
                value = int(self.source.integers(0, value + 1))  # how many tokens stand before
        if key in header.positive and isinstance(value, np.ndarray):
            # Entries of ±½ or so become those of (0, 1), away from its ends.
            value = (1 / (1 + np.exp(-2 * value))).astype(self.digits).astype(np.float64)
        if key in header.distributions:
            value = np.exp(4 * value)
            value = (value / value.sum()).astype(self.digits).astype(np.float64)
        return value

    def hyperparameters(self, id: str) -> dict[Key, Type]:
        """Return those of an algorithm, and the real ones of the algorithms that it calls."""
        checked = self.algorithms[id]
        declared = dict(checked.header.hyperparameters)
        for callee in dict.fromkeys(callee for _, callee in checked.typing.callees.items()):
            inner = self.hyperparameters(callee)
            declared |= {key: type for key, type in inner.items() if type == types.Matrix()}
        return declared

    def value(self, key: Key, type: Type) -> Value:
        match type:
            case types.Matrix(bits=True):
                return self.bits(self.shape(type))
            case types.Matrix() if type == types.Matrix():
                low, high = RANGES.get(str(key), RANGES.get(key.base, (0.2, 0.8)))
                return float(np.float32(self.source.uniform(low, high)))
            case types.Matrix():
                return self.reals(key, self.shape(type))
            case types.Tokens(length):
                return self.tokens(self.size(length))
            case types.Whole(Poly() as size, _) if types.is_size(size):
                return self.size(size)
            case types.Whole(None, Poly() as high):
                return int(self.source.integers(1, self.size(high) + 1))
            case types.Family(_, count, types.Tokens(length)):
                first = self.size(length)
                return [self.tokens(first + LONGER * place) for place in range(self.size(count))]
            case types.Family(_, count, member):
                return [self.value(key, member) for _ in range(self.size(count))]
            case types.Bundle(algorithm, sizes):
                return self.bundle(algorithm, sizes)
        raise AssertionError(f"{key} has a type that no argument has")

    def bundle(self, algorithm: str, sizes: tuple[tuple[Atom, Poly], ...]) -> Parameters:
        own = {atom.name: self.size(size) for atom, size in sizes}
        inner = replace(self, sizes={**self.sizes, **own})
        fields = self.algorithms[algorithm].header.fields
        return Parameters(algorithm, {key: inner.value(key, type) for key, type in fields.items()})

    def reals(self, key: Key, shape: tuple[int, ...]) -> Any:
        entries = 0.5 * self.source.standard_normal(shape)
        if key.base == "γ":
            entries += 1  # a scale near 0 hides what it scales
        return entries.astype(self.digits).astype(np.float64)

    def bits(self, shape: tuple[int, int]) -> Any:
        """Return a matrix whose columns have a 1, and where they have several entries a 0, too.

        Where it is a mask, each token may attend to something, and to not everything.
        """
        rows, columns = shape
        bits = self.source.integers(0, 2, shape)
        for column in range(columns if rows else 0):
            if rows > 1 or not bits[0, column]:
                equal = np.all(bits[:, column] == bits[0, column])
                bits[column % rows, column] ^= equal
        return bits

    def tokens(self, length: int) -> list[int]:
        return [int(token) for token in self.source.integers(1, self.sizes["N_V"] + 1, length)]

    def shape(self, type: types.Matrix) -> tuple[int, int]:
        return self.size(type.rows), self.size(type.columns)

    def size(self, size: Poly) -> int:
        if unknown := sorted({atom.name for atom in size.atoms} - self.sizes.keys()):
            known = "spec/inputs/sizes.toml, or the `sizes` of an example beside a text,"
            raise LibraryError(f"there is no size for {unknown[0]}: {known} must have it")
        return size.value({atom: self.sizes[atom.name] for atom in size.atoms})

    def least(self, header: Header, index: Poly) -> int:
        """Return the least that an index may be, as the algorithm requires it."""
        required = [one.excess for one in header.requirements if one.excess.atoms & index.atoms]
        (atom,) = index.atoms
        low = 1
        while any(self.size(excess.replace({atom: Poly.of(low)})) < 0 for excess in required):
            low += 1
        return low

    def bound(self, index: Poly) -> int:
        for checked in self.algorithms.values():
            for atom in index.atoms & checked.header.bounds.keys():
                return self.size(checked.header.bounds[atom][1])
        raise AssertionError(f"{index} has no bound")
