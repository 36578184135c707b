"""What the result of an algorithm must be, and how far a function may be from it.

The result is enclosed in balls. How far a correct function may be from it is measured: the
pseudocode itself runs in the function's format, and `MULTIPLE` times its certified error, the
largest over `DRAWS` draws at the same sizes, is the tolerance. Sums in another order, or a softmax
that subtracts the maximum, err by as much as that, more or less; what is exact in the pseudocode,
as the column of a matrix is, must be exact in the function.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from spec.domains.balls import Balls, PrecisionError, certified
from spec.domains.depth import Depths
from spec.domains.domain import Domain
from spec.domains.floats import Floats
from spec.expected.rounding_bounds import distances
from spec.inputs.arguments import Given
from spec.inputs.array_conversion import as_array
from spec.inputs.python_form import per_token
from spec.inputs.records import record
from spec.language.checked import Checked
from spec.language.polynomials import ONE
from spec.language.tree import Gradient, walk
from spec.language.types import Matrix, Tokens
from spec.machine import Again, Chance, Machine, MachineError, Parameters, Value

#: The tolerance is this many times the certified error of the pseudocode in the same format.
MULTIPLE = 16
#: And this many times where gradients are taken: the norm of a few numbers may amplify rounding
#: many times as much on one draw as on another.
MULTIPLE_OF_GRADIENTS = 64
#: At how many draws of the same sizes that error is measured; the first are the inputs themselves.
DRAWS = 3
#: The other draws have seeds that no variation has.
OTHERS = 100_000
#: How narrow the balls are.
WIDTH = 2.0**-80
#: How many turns a `while` may take: how long a text may get that does not end.
TURNS = 4

Array = npt.NDArray[Any]


class Undefined(ArithmeticError):
    """The algorithm has no value on these inputs, or none that rounding does not decide."""


@dataclass(frozen=True)
class Leaf:
    """An array of a result: its path within the result, and its entries, in balls or exact."""

    path: str
    entries: Array
    exact: bool


@dataclass(frozen=True)
class Distance:
    """How far a result is from what it must be.

    Attributes
    ----------
    error
        The largest, over all entries.
    tolerance
        How large it may be.
    path, place
        Where it is, counting from 0.
    found, wanted
        What stands there, and what must.
    """

    error: float
    tolerance: float
    path: str = ""
    place: tuple[int, ...] = ()
    found: float = 0.0
    wanted: float = 0.0

    @property
    def ratio(self) -> float:
        """The error as a part of the tolerance; above 1 it is none that rounding makes."""
        if self.tolerance == 0:
            return 0.0 if self.error == 0 else np.inf
        return self.error / self.tolerance


@dataclass(frozen=True)
class Answer:
    """The result of an algorithm on given arguments."""

    given: Given
    leaves: tuple[Leaf, ...]
    decisions: tuple[int, ...] = ()

    @cached_property
    def rounds(self) -> bool:
        """Whether the algorithm computes anything: the column of a matrix is only copied."""
        again = Again(self.decisions)
        deep = _run(self.given, Depths(), self.given.algorithms, again)
        return any(
            getattr(entry, "depth", 0) for leaf in deep.leaves for entry in leaf.entries.flat
        )

    @property
    def certified_error(self) -> float:
        """The largest certified error of the pseudocode in the format, over several draws."""
        return max(self.own_error, self.redrawn_error)

    @cached_property
    def own_error(self) -> float:
        """The certified error of the pseudocode in the format, on these very arguments."""
        return _certified_error(self)

    @cached_property
    def redrawn_error(self) -> float:
        """The largest certified error of the pseudocode on other draws, of the same sizes."""
        found = [0.0]
        if all(leaf.exact for leaf in self.leaves):
            return 0.0
        for other in range(1, DRAWS):
            with suppress(Undefined):
                again = self.given.redrawn(self.given.variation.seed + OTHERS * other)
                found.append(_certified_error(answer(again)))
        return max(found)

    @property
    def multiple(self) -> int:
        """How many times the certified error the tolerance is."""
        lines = self.given.algorithms[self.given.id].program.lines
        nodes = (node for line in lines for node in walk(line.statement))
        gradients = any(isinstance(node, Gradient) for node in nodes)
        return MULTIPLE_OF_GRADIENTS if gradients else MULTIPLE

    @property
    def tolerance(self) -> float:
        """How far a correct function may be from the result."""
        return self.multiple * self.certified_error

    @cached_property
    def largest(self) -> float:
        """The largest number of the result, or ∞ where it is tokens."""
        if any(leaf.exact for leaf in self.leaves):
            return math.inf
        sizes = (np.abs(leaf.entries.astype(float)).max(initial=0.0) for leaf in self.leaves)
        return float(max(sizes, default=0.0))

    def misfit(self, result: Mapping[str, Array]) -> str:
        """Say which array of a result has a wrong shape, if one does."""
        key, _ = self.given.header.output
        for leaf in self.leaves:
            found, wanted = result[leaf.path].shape, leaf.entries.shape
            if found != wanted:
                return f"gives {key}{leaf.path} of shape {found}, not {wanted}"
        return ""

    def distance(self, result: Mapping[str, Array], tolerance: float) -> Distance:
        """Return how far a result is, whose arrays have the right shapes."""
        worst = Distance(0.0, tolerance)
        for leaf in self.leaves:
            code = result[leaf.path]
            wanted = leaf.entries.astype(float)
            if leaf.exact:
                errors = np.where(code == wanted, 0.0, np.inf)
            else:
                errors = distances(code, leaf.entries)
            if errors.size and not errors.max() <= worst.error:
                place = tuple(int(at) for at in np.unravel_index(np.argmax(errors), errors.shape))
                worst = Distance(
                    float(errors[place]),
                    tolerance,
                    leaf.path,
                    place,
                    float(code[place]),
                    float(wanted[place]),
                )
        return worst


def answer(given: Given, algorithms: Mapping[str, Checked] | None = None) -> Answer:
    """Run an algorithm, or what else stands under its id, and enclose the result.

    Raises
    ------
    Undefined
        If the algorithm has no value: 0/0, say.
    """

    def compute(domain: Balls) -> Answer:
        return _run(given, domain, algorithms or given.algorithms)

    try:
        return certified(compute, _balls, WIDTH, start=256, limit=2048)
    except (MachineError, PrecisionError) as error:
        raise Undefined(str(error)) from error


class _Stable(Floats):
    """Floating point whose softmax subtracts the maximum, as code does: it cannot overflow."""

    def softmax(self, column: Sequence[Any]) -> list[Any]:
        highest = max(column, key=self.float)
        if self.float(highest) == -np.inf:
            return super().softmax(column)
        return super().softmax([x - highest for x in column])


def computed(given: Given, algorithms: Mapping[str, Checked] | None = None) -> Answer:
    """Run an algorithm in the format itself: quick, and not certified."""
    return _run(given, _Stable(given.format.dtype), algorithms or given.algorithms)


def parts_of(value: Any, answer: Answer) -> dict[str, Any] | str:
    """Return the arrays of a function's result by their paths, or say which is missing."""
    key, _ = answer.given.header.output
    found = {}
    for leaf in answer.leaves:
        try:
            found[leaf.path] = _at(value, leaf.path)
        except Exception:  # what a container raises that has no such part is its own
            return f"gives {key} without {leaf.path[1:]}"
    return found


def arrays_of(parts: Mapping[str, Any], answer: Answer) -> dict[str, Array] | str:
    """Return the parts of a result as arrays of NumPy, or say which is none."""
    key, _ = answer.given.header.output
    found = {}
    for path, part in parts.items():
        array = as_array(part)
        if array is None:
            return f"gives {type(part).__name__} for {key}{path}, no array of numbers"
        found[path] = array.astype(float) if array.dtype.kind == "b" else array
    return found


def _at(tree: Any, path: str) -> Any:
    """Return what stands at a path of fields and places: `.layers.0.W_q`."""
    for step in path.split(".")[1:]:
        tree = tree[int(step)] if step.isdecimal() else getattr(tree, step)
    return tree


def _run(
    given: Given,
    domain: Domain[Any],
    algorithms: Mapping[str, Checked],
    chance: Chance | None = None,
) -> Answer:
    chance = chance or Chance(iter(given.uniform))
    machine = Machine(algorithms, domain, random=chance, turns=TURNS)
    results = [
        machine.run(given.id, run.inputs, run.parameters, run.hyperparameters) for run in given.runs
    ]
    _, type = given.header.output
    if per_token(given.header):
        found = [Leaf("", np.concatenate(results, axis=1), exact=False)]
    else:
        found = list(_leaves(_pythonic(results[0], type, algorithms), ""))
    return Answer(given, tuple(found), tuple(chance.decisions))


def _pythonic(value: Value, type: Any, algorithms: Mapping[str, Checked]) -> Any:
    """Return a result as code has it: a column with one axis, tokens from 0, θ as a record."""
    match value, type:
        case Parameters(), _:
            return record(value, algorithms, lambda one, of: _pythonic(one, of, algorithms))
        case list(), Tokens():
            return np.array(value) - 1
        case _, Matrix(columns=columns) if columns == ONE:
            return value[:, 0]
    return value


def _leaves(tree: Any, path: str) -> Iterator[Leaf]:
    match tree:
        case np.ndarray():
            yield Leaf(path, tree, exact=tree.dtype.kind in "iu")
        case tuple():
            names = getattr(tree, "_fields", range(len(tree)))
            for name, part in zip(names, tree, strict=True):
                yield from _leaves(part, f"{path}.{name}")


def _balls(answer: Answer) -> Iterator[arb]:
    for leaf in answer.leaves:
        if not leaf.exact:
            yield from leaf.entries.ravel().tolist()


def _certified_error(answer: Answer) -> float:
    """Return how far the pseudocode in the format is from the exact result, or half an ulp."""
    rough = computed(answer.given)
    if rough.decisions != answer.decisions:
        raise Undefined("rounding decides which token is drawn")
    error = 0.0
    for leaf, other in zip(answer.leaves, rough.leaves, strict=True):
        if not leaf.exact and answer.rounds:
            largest = float(np.abs(leaf.entries.astype(float)).max(initial=0.0))
            far = float(distances(other.entries.astype(float), leaf.entries).max(initial=0.0))
            error = max(error, far, answer.given.format.unit_roundoff * largest)
    if not np.isfinite(error):
        raise Undefined(f"in {answer.given.format.name} the pseudocode overflows")
    return error
