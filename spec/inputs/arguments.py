"""What a function is given: drawn arguments, in the paper's form and in Python's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from spec.inputs.adapter import Adapter, NoArgumentError
from spec.inputs.draw import SIZES, Inputs, draw
from spec.inputs.formats import Format
from spec.inputs.python_form import per_token, python_form
from spec.inputs.records import map_arrays
from spec.language.checked import Checked
from spec.language.header import Header
from spec.machine import Value, map_values

#: How many tokens at once, where the paper takes one.
TOKENS = 5
#: How many numbers there are to draw tokens with.
DRAWS = 1000


class Variation(NamedTuple):
    """One way to draw.

    Attributes
    ----------
    name
        What is particular about it, in a few words.
    sizes, values
        The sizes, and the hyperparameters, that are not the usual ones.
    seed
        Where the numbers come from.
    mask
        `drawn`, or another: see `masked`.
    itself
        Whether the context is the primary sequence itself.
    scale
        By what the real inputs are multiplied.
    finite
        Whether all that is asked is that the result be finite: the digits are lost.
    edge
        Whether its sizes are all that matters: where a function cannot have them, and has had
        those that are nearest, there is nothing new.
    """

    name: str
    sizes: Mapping[str, int] = {}
    values: Mapping[str, Value] = {}
    seed: int = 0
    mask: str = "drawn"
    itself: bool = False
    scale: float = 1.0
    finite: bool = False
    edge: bool = False


@dataclass(frozen=True)
class Given:
    """Arguments of an algorithm.

    Attributes
    ----------
    algorithms, id
        All algorithms, by id, and which it is.
    runs
        The arguments in the paper's form: of one run, or of one for each token.
    format
        The format of the real numbers; each that is drawn is exact in it.
    adapter
        What the function can have: arguments are drawn as it says.
    variation
        How they were drawn.
    """

    algorithms: Mapping[str, Checked]
    id: str
    runs: tuple[Inputs, ...]
    format: Format
    adapter: Adapter
    variation: Variation

    @property
    def header(self) -> Header:
        """What the algorithm declares."""
        return self.algorithms[self.id].header

    @cached_property
    def named(self) -> Mapping[str, Any]:
        """The arguments in Python's form, by name, in order."""
        return python_form(self.algorithms, self.id, self.runs, self.format.dtype)

    def __getattr__(self, name: str) -> Any:
        """Return an argument: `given.theta.W_e`."""
        if name.startswith("_") or name not in self.named:
            raise NoArgumentError(
                f"Algorithm {self.id} is given {', '.join(self.named)}: no {name}"
            )
        return self.named[name]

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
        """The shapes of all arguments, and what else decides what is tried."""
        shapes = map_arrays(lambda array: array.shape, dict(self.named))
        return repr((shapes, self.variation.mask, self.variation.itself))

    @property
    def size(self) -> int:
        """How many numbers there are."""
        counted: list[int] = []
        map_arrays(lambda array: counted.append(array.size), dict(self.named))
        return sum(counted)

    def with_runs(self, change: Callable[[Inputs], Inputs]) -> Given:
        """Return other arguments: each run changed."""
        return replace(self, runs=tuple(map(change, self.runs)))

    def redrawn(self, seed: int) -> Given:
        """Return other arguments, of the same sizes."""
        variation = self.variation._replace(seed=seed)
        return give(self.algorithms, self.id, variation, self.format, self.adapter)


def give(
    algorithms: Mapping[str, Checked],
    id: str,
    variation: Variation,
    format: Format,
    adapter: Adapter,
) -> Given:
    """Draw the arguments of an algorithm: what an adapter can have, exact in a format."""
    source = np.random.default_rng(variation.seed)
    sizes = adapter.sizes({**SIZES, **variation.sizes})
    values = {**variation.values, **adapter.values}

    def drawn() -> Inputs:
        return draw(algorithms, id, source, sizes, values)

    first = drawn()
    runs = [first]
    if per_token(algorithms[id].header):
        runs += [replace(first, inputs=drawn().inputs) for _ in range(TOKENS - 1)]
    given = Given(algorithms, id, tuple(runs), format, adapter, variation)
    if variation.itself:
        given = given.with_runs(_itself)
    if variation.scale != 1:
        given = given.with_runs(lambda run: _scaled(run, variation.scale))
    given = given.with_runs(lambda run: masked(run, variation.mask, given.header))
    return given.with_runs(lambda run: adapter.inputs(_rounded(run, format)))


def masked(run: Inputs, mask: str, header: Header) -> Inputs:
    """Return arguments with another mask, if there is one.

    Parameters
    ----------
    run
        The arguments.
    mask
        `all` may be attended to; `causal`: what is not later; `empty column`: as drawn, but one
        token may attend to nothing.
    header
        Where the mask stands: behind the bar, with the parameters.
    """
    names = [str(key) for key, _ in header.parameters]
    if "Mask" not in names or mask == "drawn":
        return run
    place = names.index("Mask")
    drawn = run.parameters[place]
    wanted = np.ones_like(drawn)
    if mask == "causal":
        wanted = np.triu(wanted)
    if mask == "empty column":
        wanted = drawn.copy()
        wanted[:, -1] = 0
    before, after = run.parameters[:place], run.parameters[place + 1 :]
    return replace(run, parameters=(*before, wanted, *after))


def _itself(run: Inputs) -> Inputs:
    first, second, *more = run.inputs
    if len(first) != len(second):  # a function may have no such sizes
        return run
    return replace(run, inputs=(first, first, *more))


def _scaled(run: Inputs, factor: float) -> Inputs:
    def scaled(value: Value) -> Value:
        return value * factor if isinstance(value, np.ndarray) else value

    return replace(run, inputs=tuple(map_values(scaled, one) for one in run.inputs))


def _rounded(run: Inputs, format: Format) -> Inputs:
    def rounded(value: Value) -> Value:
        match value:
            case list():
                return [map_values(rounded, one) for one in value]
            case np.ndarray() if value.dtype.kind == "f":
                return format.rounded(value)
        return value

    return replace(
        run,  # τ and η are numbers of Python, not of the format
        inputs=tuple(map_values(rounded, one) for one in run.inputs),
        parameters=tuple(map_values(rounded, one) for one in run.parameters),
    )
