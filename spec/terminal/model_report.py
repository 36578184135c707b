"""A published model in a folder: how it differs from its algorithm, and what it needs."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from spec import symbols
from spec.cost import cost, value
from spec.cost.caches import cached
from spec.cost.presets import sizes
from spec.language.checked import Checked
from spec.language.polynomials import Atom, Poly
from spec.machine.trees import arrays
from spec.terminal.bytes_of_numbers import in_bytes
from spec.terminal.costs import factored, headed, path, products_and_others
from spec.terminal.pseudocode_beside_code import heading
from spec.terminal.tables import Table, labelled, numbers
from spec.usage_error import UsageError

#: How many bytes a number has.
FORMATS = {"float16": 2, "float32": 4, "float64": 8}


def report(
    model: Any, algorithms: Mapping[str, Checked], ell: int | None
) -> Iterator[RenderableType]:
    """Yield what a model is, and what it needs for sequences of `ell` tokens.

    `model` has `architecture`, `algorithm`, `departures`, `sizes`, `options`, `config` and
    `parameters`, as what `algorithms.checkpoints.load` returns.

    Raises
    ------
    UsageError
        If the model takes no sequences of that length, or nothing says how long they are.
    """
    checked = algorithms[model.algorithm]
    ell = _longest(model) if ell is None else ell
    needs, kept = cost(algorithms, checked.id), cached(algorithms, checked.id)
    given = [f"{name}={_size(model, name, ell)}" for name in needs.sizes]
    at = sizes(algorithms, checked.id, needs.sizes, given)
    products, others = products_and_others(needs.total, at)
    most, where = needs.peak(at)

    formats = dict.fromkeys(str(array.dtype) for array in arrays(model.parameters))
    yield Text(f"{model.architecture}, in {', '.join(formats)}", "bold")
    yield heading(checked.program.layout)
    if model.departures:
        departures = labelled("cyan")
        for one in model.departures:
            departures.add_row(one.id, f"{', '.join(_lines(one, checked.id))}: {one.what}")
        yield from headed("Departures", departures)
    written = ", ".join(f"{name} = {size}" for name, size in model.sizes.items())
    yield from headed("Sizes", Text(written))

    counts = labelled("cyan", "right")
    counts.add_row("multiply-adds", f"{products:,}")
    counts.add_row("other operations", f"{others:,}")
    yield from headed(f"For {ell:,} tokens", counts)
    yield Text()
    memory = Table(numbers("numbers"), *map(numbers, FORMATS))
    for what, count in (
        ("parameters", _held(model.parameters)),
        ("keys and values", value(kept, at)),
        ("computed, at most", most),
    ):
        memory.add_row(what, f"{count:,}", *(in_bytes(count * n) for n in FORMATS.values()))
    yield memory
    yield Text()
    yield Text(f"Keys and values are {factored(_of_one_length(kept))} numbers.", "dim")
    yield Text(f"Most are computed and kept at {path(where)}, with all tokens at once.", "dim")
    if model.departures:
        yield Text(f"Operations are those of Algorithm {checked.id}, without departures.", "dim")
    if "w" in model.options:
        yield Text(
            f"A layer with the window keeps no more than w = {model.options['w']:,} tokens.", "dim"
        )


def _longest(model: Any) -> int:
    """Return the length of the longest sequence that the model is made for."""
    length = model.sizes.get("ell_max", model.config.get("max_position_embeddings"))
    if not isinstance(length, int):
        raise UsageError(f"how long are the sequences of this {model.architecture}? Say --ell")
    return length


def _size(model: Any, name: str, ell: int) -> int:
    size: int = ell if name.startswith("length(") else model.sizes[symbols.ascii(name)]
    return size


def _lines(departure: Any, id: str) -> list[str]:
    """Return the lines that a departure changes; where it is of several algorithms, of this one."""
    here = [line for line in departure.lines if line.startswith(f"{id}.")]
    return here or list(departure.lines)


def _of_one_length(size: Poly) -> Poly:
    """Return a polynomial in which all sequences have the length ℓ."""
    lengths = [atom for atom in size.atoms if atom.name.startswith("length(")]
    return size.replace(dict.fromkeys(lengths, Poly.of(Atom("ℓ"))))


def _held(parameters: Any) -> int:
    """Return how many numbers parameters hold; arrays that share their memory count once."""
    found = map(np.asarray, arrays(parameters))
    return sum({(array.ctypes.data, array.size): array.size for array in found}.values())
