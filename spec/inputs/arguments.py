"""The arguments of a function under test, and the adapter that says how the function takes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from spec.inputs.adapter_error import UnknownArgumentError
from spec.inputs.change_parameters import change_parameters, each
from spec.inputs.draw import SIZES, Inputs, as_required, draw, per_token
from spec.inputs.formats import FORMATS, Format
from spec.inputs.python_form import python_form
from spec.inputs.variations import Variation, sizes_in
from spec.language.checked import Checked
from spec.language.header import Header
from spec.language.types import Key
from spec.machine import Parameters, Value
from spec.machine.trees import arrays, leaves, map_arrays, map_values

Function = Callable[..., Any]  # a function, a class, or an object that can be called
Sizes = Mapping[str, int]

#: How many uniform numbers are made from a seed, to draw tokens with.
DRAWS = 1000


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Adapter:
    """How a function takes the arguments of an algorithm, and returns its result.

    Attributes
    ----------
    name
        The form of the function, to follow "called as": `rows, batch first, torch`.
    call
        Calls the function with `Arguments`, and returns what the algorithm returns: an array of
        any library whose columns are tokens, or tokens counted from 0.
    sizes
        Maps the sizes that a check asks for to the nearest sizes that the function can have. A
        function whose heads divide d_e can only have d_attn = d_e / H.
    inputs
        Maps drawn arguments to the nearest ones that the function can have. A function without
        offsets can only have offsets that are 0.
    values
        The hyperparameters that the function fixes, by the paper's names: `{"ε": 1e-5}`.
    departures
        The documented differences of the function, by their ids in the catalogue:
        `("tanh-gelu-10",)`. The function is compared with the pseudocode as they change it.
    formats
        The floating-point formats that the function computes in.
    batched
        Whether the function takes a batch, of as many sequences as the variation has members.
    draws
        Which token the function draws, given a number u that is uniform in [0, 1). `from below`:
        the first token at which the probabilities add up to more than u, as in NumPy's `choice`.
        `from above`: the first at which they add up to 1 − u. None: a check tries both.
    options
        The options with which `layout` or `modules` has made the adapter; None: it has none.
    """

    name: str
    call: Callable[[Function, Arguments], Any]
    sizes: Callable[[Sizes], Sizes] = _unchanged
    inputs: Callable[[Inputs], Inputs] = _unchanged
    values: Mapping[str, Value] = field(default_factory=dict)
    departures: tuple[str, ...] = ()
    formats: tuple[str, ...] = tuple(FORMATS)
    draws: Literal["from below", "from above"] | None = None
    options: Mapping[str, Any] | None = None
    batched: bool = False


@dataclass(frozen=True)
class Arguments:
    """Arguments of an algorithm, each an attribute by its name in Python: `arguments.W_qkv`.

    Attributes
    ----------
    algorithms, id
        All algorithms, by id, and the id of the one that takes these arguments.
    runs
        The arguments in the paper's form: those of one run, or of one run for each token.
    format
        The floating-point format; each real number that is drawn is exact in it.
    adapter
        The adapter of the function: it says which sizes and values the function can have.
    variation
        How the arguments were drawn.
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
        """Every size of the table of sizes, as the function can have it."""
        return as_required(self.adapter.sizes({**SIZES, **self.variation.sizes}), self.header)

    @property
    def sizes(self) -> Mapping[str, int]:
        """The sizes of these arguments, by the paper's names: `{"N_V": 17, "d_e": 6}`."""
        return {name: self.all_sizes[name] for name in sizes_in(self.algorithms, self.id)}

    @property
    def rng(self) -> np.random.Generator:
        """A new source of the random numbers that belong to these arguments."""
        return np.random.default_rng(self.variation.seed)

    @property
    def uniform(self) -> list[float]:
        """The numbers by which the pseudocode draws the same tokens as a function with `rng`."""
        drawn = self.rng.random(DRAWS)
        return list(drawn if self.adapter.draws == "from above" else 1 - drawn)

    @property
    def shapes(self) -> str:
        """The shapes of all arrays, whole numbers, the mask's kind, and whether Z is X itself."""
        sizes = [getattr(leaf, "shape", leaf) for _, leaf in leaves(dict(self.named))]
        sizes = [size for size in sizes if not isinstance(size, float)]
        return repr((sizes, self.variation.mask, self.variation.itself))

    @property
    def count(self) -> int:
        """How many numbers all arrays have together."""
        return sum(array.size for array in arrays(dict(self.named)))

    def redrawn(self, seed: int) -> Arguments:
        """Return arguments of the same sizes with numbers drawn from another seed."""
        return self.drawn_as(self.variation._replace(seed=seed))

    def drawn_as(self, variation: Variation) -> Arguments:
        """Return other arguments of the same function, drawn as a variation says."""
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
    digits = np.float64 if variation.all_digits else np.float32

    def drawn() -> Inputs:
        return draw(algorithms, id, source, sizes, values, digits)

    first = drawn()
    runs = [first]
    if per_token(algorithms[id].header):
        runs += [replace(first, inputs=drawn().inputs) for _ in range(variation.tokens - 1)]

    def varied(run: Inputs) -> Inputs:
        if variation.itself:
            run = _attending_to_itself(run)
        if variation.scale != 1:
            run = replace(run, inputs=map_arrays(lambda x: x * variation.scale, run.inputs))
        if variation.mask != "drawn":
            run = change_parameters(run, each("Mask", lambda Mask: masked(Mask, variation.mask)))
        return adapter.inputs(_rounded(run, format, algorithms[id].header.learned_numbers))

    return Arguments(algorithms, id, tuple(map(varied, runs)), format, adapter, variation)


def masked(Mask: Value, kind: str) -> Value:
    """Return a mask of the kind that a variation asks for: see `Variation.mask`."""
    if kind == "empty column":
        changed = Mask.copy()
        changed[:, -1] = 0
        return changed
    everything = np.ones_like(Mask)
    return np.triu(everything) if kind == "causal" else everything


def _attending_to_itself(run: Inputs) -> Inputs:
    """Return arguments whose context is the primary sequence, if both have the same d."""
    primary, context, *rest = run.inputs
    if len(primary) != len(context):  # a function may not have equal sizes
        return run
    return replace(run, inputs=(primary, primary, *rest))


def _rounded(run: Inputs, format: Format, learned: Collection[Key]) -> Inputs:
    """Return arguments that are exact in a format: arrays, and numbers that are parameters.

    These are the `learned` ones and those in bundles; τ and η stay floats.
    """

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return float(format.rounded(np.array(value)))
        return format.rounded(value) if value.dtype.kind == "f" else value

    inputs, parameters = map_arrays(rounded, (run.inputs, run.parameters))
    parameters = tuple(
        map_values(lambda leaf: rounded(leaf) if isinstance(leaf, float) else leaf, value)
        if isinstance(value, Parameters) or key in learned
        else value
        for key, value in zip(run.keys, parameters, strict=True)
    )
    return replace(run, inputs=inputs, parameters=parameters)
