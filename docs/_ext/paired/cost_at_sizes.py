"""What an algorithm costs at the sizes of models, and at some lengths: the rows of a table."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property

from spec import symbols
from spec.cost import Cost, Costs, value
from spec.cost.components import lengths
from spec.cost.presets import MissingSizes, Models, fitting, of_models, presets, sizes
from spec.language.tree import walk
from spec.library import checked
from spec.terminal.costs import products_and_others
from spec.usage_error import UsageError

#: The lengths at which every algorithm is costed that takes sequences.
LENGTHS = (1024, 4096)

#: What a size is where no model says it: of a model's caller, and of what no model calls.
_ONE, _SOME = 1, 64

#: A length of its own, beside those of sequences: of the tokens that a cache has kept.
_KEPT = "ℓ"


@dataclass(frozen=True)
class AtSizes:
    """The cost of an algorithm at some sizes.

    Attributes
    ----------
    cost
        The cost at all sizes.
    preset
        The model whose sizes they are, or nothing.
    length
        What ℓ is, nothing where the algorithm has no length.
    words
        What the sizes are called after `formal-transformers cost ID --at`.
    sizes
        The value of each size.
    """

    cost: Cost
    preset: str
    length: int | None
    words: tuple[str, ...]
    sizes: Mapping[str, int]

    @property
    def operations(self) -> tuple[int, int]:
        """The multiply-adds, and the other operations."""
        return products_and_others(self.cost.total, self.sizes)

    @property
    def parameters(self) -> int:
        """How many numbers the parameters hold."""
        return value(self.cost.parameters, self.sizes)

    @cached_property
    def memory(self) -> int:
        """The most numbers in memory at once."""
        return self.cost.peak(self.sizes)[0]


@cache
def costs() -> Costs:
    """Return the costs of all algorithms."""
    return Costs(checked())


def files(id: str) -> Iterator[str]:
    """Yield the files in `spec` that the cost of an algorithm is read off."""
    yield "cost/presets.toml"
    found = [id]
    for one in found:  # which grows
        yield checked()[one].program.layout.path
        typing = checked()[one].typing
        nodes = (node for line in checked()[one].program.lines for node in walk(line.statement))
        called = (typing.callees[node] for node in nodes if node in typing.callees)
        found += [callee for callee in called if callee not in found]


@cache
def rows(id: str) -> tuple[AtSizes, ...]:
    """Return the costs at each model's sizes and length, then at those of the first at `LENGTHS`.

    What no model has the sizes of is costed with sizes of 64.
    """
    made_for = _made_for(id)
    found = [row for preset in made_for for row in _row(id, preset, _longest(preset))]
    for length in LENGTHS if lengths(checked()[id]) else ():
        found += _row(id, made_for[0] if made_for else "", length)
    if not found:
        found += _row(id, "", None)
    unlike = {(*row.sizes.values(),): row for row in reversed(found)}
    return tuple(row for row in found if unlike[*row.sizes.values(),] is row)


@cache
def at_lengths(id: str) -> tuple[AtSizes, ...]:
    """Return the costs at `LENGTHS`, with the sizes of the first model if there is one."""
    made_for = _made_for(id)
    if not lengths(checked()[id]):
        return ()
    preset = made_for[0] if made_for else ""
    return tuple(row for length in LENGTHS for row in _row(id, preset, length))


def _row(id: str, preset: str, length: int | None) -> Iterator[AtSizes]:
    """Yield the cost at a length, nothing if there is no run of that length."""
    words = [preset] if preset else []
    own = [name for name in lengths(checked()[id]) if name in costs()[id].sizes]
    if not lengths(checked()[id]):
        length = None
    elif length is not None:
        words.append(f"ell={length}")
        if _KEPT in own:  # then the others are of the tokens that come next, one by one
            words += [f"{_name(name)}=1" for name in own if name != _KEPT]
    # As long a sequence may need a longer ℓ_max; and of sizes that are 64 one may have to be less.
    more = [] if length is None else [f"ell_max={length}", f"ell_max={length + 1}"]
    more += [] if preset else [f"{_name(name)}={_SOME // 2}" for name in costs()[id].sizes]
    for other in ([], *([word] for word in more)):
        with suppress(UsageError):
            yield _at(id, preset, length, [*words, *other])
            return


def _at(id: str, preset: str, length: int | None, words: list[str]) -> AtSizes:
    """Return the cost at sizes, with more of them where they are not all there are."""
    cost = costs()[id]
    try:
        at = sizes(checked(), id, cost.sizes, words, _models())
    except MissingSizes as missing:
        more = f"{_name(missing.names[0])}={_ONE if preset else _SOME}"
        return _at(id, preset, length, [*words, more])
    return AtSizes(cost, preset, length, tuple(words), at)


def _name(size: str) -> str:
    """Return the name of a size as one types it; `length(x)` has one only."""
    try:
        return symbols.ascii(size)
    except symbols.UnknownSymbol:
        return size


@cache
def _made_for(id: str) -> tuple[str, ...]:
    return fitting(_models(), checked()[id], costs()[id].sizes)


@cache
def _models() -> Models:
    return of_models(checked())


def _longest(preset: str) -> int:
    own = presets()[preset]
    return own.get("ℓ_max") or own["length(x)"]
