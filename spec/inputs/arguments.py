"""Arguments of a function under test: drawn, in the paper's form and in Python's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from spec.inputs.adapter import Adapter, UnknownArgumentError
from spec.inputs.draw import SIZES, Inputs, draw
from spec.inputs.formats import Format
from spec.inputs.python_form import per_token, python_form
from spec.inputs.variations import Variation, sizes_in
from spec.language.checked import Checked
from spec.language.header import Header
from spec.machine import Value
from spec.machine.trees import arrays, map_arrays

#: How many tokens there are at once, where the paper takes one.
TOKENS = 5
#: How many uniform numbers there are to draw tokens with.
DRAWS = 1000


@dataclass(frozen=True)
class Arguments:
    """Arguments of an algorithm.

    Attributes
    ----------
    algorithms, id
        All algorithms, by id, and which of them these are arguments of.
    runs
        The arguments in the paper's form: of one run, or of one run for each token.
    format
        The floating-point format; each real number drawn is exact in it.
    adapter
        Which sizes and values the function can have: arguments are drawn accordingly.
    variation
        The way in which they were drawn.
    """

    algorithms: Mapping[str, Checked]
    id: str
    runs: tuple[Inputs, ...]
    format: Format
    adapter: Adapter
    variation: Variation

    @property
    def header(self) -> Header:
        """The declarations of the algorithm."""
        return self.algorithms[self.id].header

    @cached_property
    def named(self) -> Mapping[str, Any]:
        """The arguments in Python's form, by name, in the paper's order."""
        return python_form(self.algorithms, self.id, self.runs, self.format.dtype)

    def __getattr__(self, name: str) -> Any:
        """Return an argument in Python's form: `arguments.theta.W_e`."""
        if name.startswith("_") or name not in self.named:
            raise UnknownArgumentError(
                f"Algorithm {self.id} has the arguments {', '.join(self.named)}: not {name}"
            )
        return self.named[name]

    @cached_property
    def all_sizes(self) -> Mapping[str, int]:
        """Every size of the table, as the function can have it."""
        return self.adapter.sizes({**SIZES, **self.variation.sizes})

    @property
    def sizes(self) -> Mapping[str, int]:
        """The sizes that the arguments have, by the paper's names."""
        return {name: self.all_sizes[name] for name in sizes_in(self.algorithms, self.id)}

    @property
    def rng(self) -> np.random.Generator:
        """A source of random numbers, always from its beginning."""
        return np.random.default_rng(self.variation.seed)

    @property
    def uniform(self) -> list[float]:
        """The numbers that the pseudocode draws tokens by, so that it draws what `rng` makes."""
        drawn = self.rng.random(DRAWS)
        return list(drawn if self.adapter.draws == "from above" else 1 - drawn)

    @property
    def shapes(self) -> str:
        """The shapes of all arguments, the mask's kind, and whether the context is X itself."""
        shapes = map_arrays(lambda array: array.shape, dict(self.named))
        return repr((shapes, self.variation.mask, self.variation.itself))

    @property
    def count(self) -> int:
        """How many numbers there are in all arrays."""
        return sum(array.size for array in arrays(dict(self.named)))

    def with_runs(self, change: Callable[[Inputs], Inputs]) -> Arguments:
        """Return the arguments with each run changed."""
        return replace(self, runs=tuple(map(change, self.runs)))

    def redrawn(self, seed: int) -> Arguments:
        """Return arguments of the same sizes with other numbers."""
        variation = self.variation._replace(seed=seed)
        return draw_arguments(self.algorithms, self.id, variation, self.format, self.adapter)


def draw_arguments(
    algorithms: Mapping[str, Checked],
    id: str,
    variation: Variation,
    format: Format,
    adapter: Adapter,
) -> Arguments:
    """Draw arguments of an algorithm that an adapter allows, exact in a format."""
    source = np.random.default_rng(variation.seed)
    sizes = adapter.sizes({**SIZES, **variation.sizes})
    values = {**variation.values, **adapter.values}

    def drawn() -> Inputs:
        return draw(algorithms, id, source, sizes, values)

    first = drawn()
    runs = [first]
    if per_token(algorithms[id].header):
        runs += [replace(first, inputs=drawn().inputs) for _ in range(TOKENS - 1)]

    def varied(run: Inputs) -> Inputs:
        if variation.itself:
            run = _attending_to_itself(run)
        if variation.scale != 1:
            run = replace(run, inputs=map_arrays(lambda x: x * variation.scale, run.inputs))
        run = _masked(run, variation.mask)
        return adapter.inputs(_rounded(run, format))

    return Arguments(algorithms, id, tuple(map(varied, runs)), format, adapter, variation)


def _masked(run: Inputs, mask: str) -> Inputs:
    """Return arguments with the mask that a variation asks for: see `Variation.mask`."""

    def masked(name: str, value: Value) -> Value:
        if name != "Mask" or mask == "drawn":
            return value
        if mask == "empty column":
            changed = value.copy()
            changed[:, -1] = 0
            return changed
        everything = np.ones_like(value)
        return np.triu(everything) if mask == "causal" else everything

    named = zip(map(str, run.keys), run.parameters, strict=True)
    return replace(run, parameters=tuple(masked(name, value) for name, value in named))


def _attending_to_itself(run: Inputs) -> Inputs:
    """Return arguments whose context is the primary sequence, if both are of one size."""
    primary, context, *rest = run.inputs
    if len(primary) != len(context):  # a function may not have equal sizes
        return run
    return replace(run, inputs=(primary, primary, *rest))


def _rounded(run: Inputs, format: Format) -> Inputs:
    """Return arguments whose arrays of real numbers are exact in a format; τ and η stay floats."""

    def rounded(array: Any) -> Any:
        return format.rounded(array) if array.dtype.kind == "f" else array

    inputs, parameters = map_arrays(rounded, (run.inputs, run.parameters))
    return replace(run, inputs=inputs, parameters=parameters)
