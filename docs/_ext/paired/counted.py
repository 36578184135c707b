"""Tables of what inference needs, counted from the pseudocode: memory, and operations."""

from collections.abc import Iterator, Sequence
from inspect import unwrap

from spec.cost import Cost, cost, value
from spec.cost.presets import presets
from spec.library import checked
from spec.pairing import implementations

from .domain import reference
from .tables import Cell

# Of a head of most published models.
ROWS_OF_A_HEAD = 64
LENGTHS = (256, 1024, 4096)

MODEL = "gpt2-small"
WHOLE, STEP = "10", "K4"
KEPT = (63, 255, 1023)


def attention_memory() -> Iterator[Sequence[Cell]]:
    """Yield Algorithm 4 and all of group C: how many numbers they hold at once, for a head."""
    functions = implementations("algorithms")
    for id in ("4", *(id for id in checked() if id.startswith("C"))):
        defaults = unwrap(functions[id]).__kwdefaults__ or {}  # autodoc puts texts into signatures
        B = defaults.get("B", 1)
        counted = cost(checked(), id)
        yield (
            reference("alg", id, f"{id} {checked()[id].program.layout.title}"),
            *(f"{_most(counted, length, B):,}" for length in LENGTHS),
        )


def steps() -> Iterator[Sequence[Cell]]:
    """Yield what a token takes, in multiply-adds: the whole of Algorithm 10, and a step of K4."""
    whole, step = (cost(checked(), id) for id in (WHOLE, STEP))
    sizes = presets()[MODEL]
    for kept in KEPT:
        most = _products(whole, {**sizes, "length(x)": kept + 1})
        few = _products(step, {**sizes, "length(x)": 1, "ℓ": kept})
        yield f"{kept:,}", f"{most:,}", f"{few:,}", f"{most / few:,.0f}"


def _most(counted: Cost, length: int, B: int) -> int:
    """Return the most numbers in memory at some length, in blocks of B."""

    def size(name: str) -> int:
        if name.startswith("ℓ"):
            return length
        return {"B": B, "N_B": length // B}.get(name, ROWS_OF_A_HEAD)

    most, _ = counted.peak({name: size(name) for name in counted.sizes})
    return most


def _products(counted: Cost, sizes: dict[str, int]) -> int:
    return value(counted.total.kinds["multiply-add"], sizes)
