"""The kinds of arguments that a check uses: sizes that all differ, then the edges of each size."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from spec.inputs.draw import SIZES
from spec.inputs.size_table import size_table
from spec.language.checked import Checked
from spec.language.tree import Call, While
from spec.language.types import Bundle, Family, Matrix, Type, Whole, sizes_of
from spec.machine import Value

#: Sizes at which most mistakes differ from one another, and a call is quick.
SMALL = size_table("small")
#: The size of everything, where all sizes that can meet in a product are equal.
SQUARE = 4
#: Sizes that wrong code confuses: a check makes them equal once, and exchanges them once.
PAIRS = (("ℓ_x", "ℓ_z"), ("length(x)", "length(z)"), ("d_x", "d_z"), ("d_attn", "d_out"))
#: A vocabulary so small that eos_token is drawn soon.
FEW = {"N_V": 3}
#: Seeds found by search: with these and FEW tokens, eos_token is the 2nd to 5th token drawn.
ENDING = (7, 10, 44, 52)
#: How many turns a `while` may take: how long a text becomes that does not end.
TURNS = 4
#: The factor of inputs at which exp of a score overflows float64.
LOUD = 200.0
#: Sizes that are never 1: the norm of a single number is 0/0.
MORE_THAN_1 = ("d_e", "d_f")


class Variation(NamedTuple):
    """One way to draw arguments.

    Attributes
    ----------
    name
        What distinguishes the arguments: `ℓ_x = 1`.
    sizes, values
        The sizes and the hyperparameters that differ from the usual ones.
    seed
        The seed of the random numbers.
    mask
        `drawn`; `all`: every token may attend to every token; `causal`: every token may attend to
        itself and to earlier tokens; `empty column`: as drawn, but the last token may attend to
        nothing.
    itself
        Whether the context is the primary sequence itself.
    scale
        The factor of the real inputs.
    finite
        Whether the result only has to be finite, since rounding leaves it no digits.
    edge
        Whether only the sizes matter. Such a variation is left out for a function that cannot
        have these sizes if the nearest sizes that it can have were tried before.
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


def variations(algorithms: Mapping[str, Checked], id: str) -> Iterator[Variation]:
    """Yield the variations of an algorithm; those that most mistakes fail on come first."""
    sizes = {name: SIZES[name] for name in sizes_in(algorithms, id)}
    header, program = algorithms[id].header, algorithms[id].program
    calls = [node for node in program.nodes if isinstance(node, Call)]
    hyperparameters = {str(key) for key in header.hyperparameters}
    has_mask = "Mask" in hyperparameters
    yield Variation("all sizes differ")
    yield Variation("all sizes differ, other numbers", seed=1)
    yield Variation("all sizes differ, and are small", SMALL, seed=9)
    if program.uses(While):
        for seed in ENDING:
            yield Variation("a text that ends", FEW, seed=seed)
    if "ε" in hyperparameters:  # it matters where the variance is as small as ε
        yield Variation("activations near to their mean", scale=1e-5, seed=8)
    takes_reals = any(isinstance(type, Matrix) for _, type in header.inputs)
    if has_mask or (takes_reals and any(call.function == "softmax" for call in calls)):
        loud = LOUD if has_mask else LOUD**2  # a score of attention is a product of two inputs
        yield Variation("scores too large for exp", scale=loud, seed=21, finite=True)
    if has_mask:
        yield Variation("everything may be attended to", mask="all", seed=2)
        yield Variation("a token that may attend to nothing", mask="empty column", seed=3)
    square = {name: SQUARE for name in sizes if name.startswith(("d_", "ℓ_x", "ℓ_z", "length"))}
    lengths = [name for name in sizes if name.startswith("length")]
    if square:
        yield Variation("all sizes the same", square, seed=4, edge=True)
    if has_mask:
        yield Variation("a sequence and itself", square, seed=5, itself=True)
        yield Variation("a causal mask", square, seed=6, mask="causal")
    for seed, (small, large) in enumerate(PAIRS, 7):
        if {small, large} <= sizes.keys():
            yield Variation(f"{small} = {large}", {large: sizes[small]}, seed=seed, edge=True)
            exchanged = {small: sizes[large], large: sizes[small]}
            yield Variation(f"{small} > {large}", exchanged, seed=seed + 10, edge=True)
    if "ℓ_max" in sizes and lengths:
        longest = dict.fromkeys(lengths, sizes["ℓ_max"])
        yield Variation("as long as can be", {**longest, "ℓ_gen": 1}, seed=20)
    for seed, name in enumerate(sizes, 30):
        if name not in MORE_THAN_1:
            short = dict.fromkeys(lengths, 1) if name == "ℓ_max" else {}
            yield Variation(f"{name} = 1", {name: 1, **short}, seed=seed, edge=True)


def sizes_in(algorithms: Mapping[str, Checked], id: str) -> list[str]:
    """Return the names of the sizes that an algorithm's arguments have, at every depth."""
    header = algorithms[id].header
    names: set[str] = set()
    for _, type in (*header.inputs, *header.parameters):
        names.update(_sizes(type, algorithms))
    for key, type in header.hyperparameters.items():
        if isinstance(type, Whole) and type.value is not None:
            names.add(str(key))
    return [name for name in SIZES if name in names]  # in the order of the table


def _sizes(type: Type, algorithms: Mapping[str, Checked]) -> Iterator[str]:
    match type:
        case Bundle(algorithm, sizes):
            inner = {atom.name: size for atom, size in sizes}
            for part in algorithms[algorithm].header.fields.values():
                yield from (name for name in _sizes(part, algorithms) if name not in inner)
            yield from (atom.name for size in inner.values() for atom in size.atoms)
        case Family(_, count, member):
            yield from (atom.name for atom in count.atoms)
            yield from _sizes(member, algorithms)
        case _:
            yield from (atom.name for atom in sizes_of(type) if atom.kind == "size")
