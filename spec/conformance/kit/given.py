"""What a function is given: drawn arguments, in the paper's form and in Python's.

In Python's form names are ASCII and tokens, positions and layers count from 0. Columns are tokens,
heads are stacked along a leading axis, and layers are a tuple of records. An algorithm of the
paper that takes one token takes all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spec import symbols
from spec.conformance.draw import SIZES, Inputs, draw
from spec.conformance.kit.formats import Format
from spec.conformance.kit.records import map_arrays, record
from spec.language.check import Checked
from spec.language.header import Header
from spec.language.sizes import ONE
from spec.language.types import SCALAR, TOKEN, Family, Matrix, Tokens, Type, Whole
from spec.machine import Parameters, Value, map_values

if TYPE_CHECKING:
    from spec.conformance.kit.adapter import Adapter

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
        return dict(_named(self))

    def __getattr__(self, name: str) -> Any:
        """Return an argument: `given.theta.W_e`."""
        if name.startswith("_") or name not in self.named:
            raise AttributeError(f"Algorithm {self.id} is given no {name}")
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


def per_token(header: Header) -> bool:
    """Say whether an algorithm takes one token, of which Python takes all at once."""
    single = all(isinstance(type, Whole | Matrix) for _, type in header.inputs)
    _, output = header.output
    columns = [type for _, type in (*header.inputs, header.output) if isinstance(type, Matrix)]
    return single and isinstance(output, Matrix) and all(one.columns == ONE for one in columns)


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


# Python's form ------------------------------------------------------------------------------------


def _named(given: Given) -> Iterator[tuple[str, Any]]:
    header, first = given.header, given.runs[0]
    for place, (key, type) in enumerate(header.inputs):
        values = [run.inputs[place] for run in given.runs]
        yield name_of(str(key), type), _input(values, type, given)
    parameters = list(zip(header.parameters, first.parameters, strict=True))
    if gathered := _gathered(given):  # Algorithm 3's are those of Algorithm 4
        fields = {key: value for (key, _), value in parameters}
        ordered = Parameters(gathered.id, {key: fields[key] for key in gathered.fields})
        yield symbols.ascii(str(gathered.bundle)), _part(ordered, None, given)
    else:
        for (key, type), value in parameters:
            yield symbols.ascii(str(key)), _part(value, type, given)
    types = {str(key): type for key, type in header.hyperparameters.items()}
    for name, value in first.hyperparameters.items():
        type = types.get(name, SCALAR)
        yield symbols.ascii(name), value - 1 if type == TOKEN else _part(value, type, given)


def _gathered(given: Given) -> Header | None:
    """Return the head whose bundle has all parameters of one that declares them one by one."""
    alone = {key for key, _ in given.header.parameters}
    for one in given.algorithms.values():
        whole = one.header
        if whole.bundle is not None and whole.bundle not in alone and alone == set(whole.fields):
            return whole
    return None


def name_of(glyph: str, type: Type) -> str:
    """Return the name of an input in Python: `x` for all x_n, and the matrix `E` for all e_t."""
    match type:
        case Family(_, _, Matrix()):
            return symbols.ascii(glyph)[0].upper()
        case Family():
            return symbols.ascii(glyph).partition("_")[0]
    return symbols.ascii(glyph)


def _input(values: Sequence[Value], type: Type, given: Given) -> Any:
    """Return an input: of one run, or those of all tokens side by side."""
    match type:
        case Tokens():
            return np.array(values[0]) - 1
        case Family(_, _, Tokens()):
            return [np.array(one) - 1 for one in values[0]]
        case Family():
            return np.concatenate(values[0], axis=1).astype(given.format.dtype)
        case Whole():
            return np.array(values) - 1
        case Matrix() if per_token(given.header):
            return np.concatenate(values, axis=1).astype(given.format.dtype)
    return _part(values[0], type, given)


def _part(value: Value, type: Type | None, given: Given) -> Any:
    """Return an array or a record; a column has one axis, and a matrix two though it be narrow."""

    def array(value: Value, type: Type | None) -> Any:
        match value, type:
            case int() | float(), _:  # τ, H: numbers of Python, not of the format
                return value
            case _, Matrix(bits=True):
                return np.asarray(value) == 1
            case _, Matrix(columns=columns) if columns == ONE:
                return value[:, 0].astype(given.format.dtype)
        return value.astype(given.format.dtype)

    if isinstance(value, Parameters):
        return record(value, given.algorithms, array)
    return array(value, type)
