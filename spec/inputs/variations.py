"""On what a function is tried: the usual sizes, then the edges, from what an algorithm declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spec.inputs.arguments import Variation
from spec.inputs.draw import SIZES
from spec.language.checked import Checked
from spec.language.types import Bundle, Family, Matrix, Type, Whole, sizes_of

#: The smallest sizes that all differ where they can meet: on these most mistakes are told apart.
SMALL = {
    "N_V": 7, "ℓ_max": 6, "L": 2, "L_enc": 2, "L_dec": 2, "H": 2, "ℓ_x": 3, "ℓ_z": 4, "T": 4,
    "d_x": 5, "d_z": 6, "d_in": 5, "d_out": 4, "d_e": 4, "d_attn": 2, "d_mid": 3, "d_mlp": 5,
    "d_f": 6, "length(x)": 3, "length(z)": 5,
}  # fmt: skip
#: What all sizes are that can meet in a product, where they are all the same.
SQUARE = 4
#: Sizes that wrong code takes for one another: they are once the same, and once exchanged.
PAIRS = (("ℓ_x", "ℓ_z"), ("length(x)", "length(z)"), ("d_x", "d_z"), ("d_attn", "d_out"))
#: So few tokens that the last is soon drawn; and with which seeds it is, at the 2nd to 5th draw.
FEW, ENDING = {"N_V": 3}, (7, 10, 44, 52)
#: By what inputs are multiplied, so that exp of a score is too large for float64.
LOUD = 200.0
#: Those that are not 1 on their own: the norm of a single number is 0/0.
MORE_THAN_1 = ("d_e", "d_f")


def variations(algorithms: Mapping[str, Checked], id: str) -> Iterator[Variation]:
    """Yield what an algorithm is tried on, the most telling first."""
    sizes = {name: SIZES[name] for name in sizes_in(algorithms, id)}
    header = algorithms[id].header
    hyperparameters = {str(key) for key in header.hyperparameters}
    has_mask = "Mask" in hyperparameters
    yield Variation("all sizes differ")
    yield Variation("all sizes differ, other numbers", seed=1)
    yield Variation("all sizes differ, and are small", SMALL, seed=9)
    if "while" in {type(line.statement).__name__.lower() for line in algorithms[id].program.lines}:
        for seed in ENDING:
            yield Variation("a text that ends", FEW, seed=seed)
    if "ε" in hyperparameters:  # it is seen where the variance is as small
        yield Variation("activations near to their mean", scale=1e-5, seed=8)
    lines = algorithms[id].program.layout.lines
    takes_reals = any(isinstance(type, Matrix) for _, type in header.inputs)
    if has_mask or (takes_reals and any("softmax(" in line.text for line in lines)):
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
    for seed, (one, other) in enumerate(PAIRS, 7):
        if {one, other} <= sizes.keys():
            yield Variation(f"{one} = {other}", {other: sizes[one]}, seed=seed, edge=True)
            exchanged = {one: sizes[other], other: sizes[one]}
            yield Variation(f"{one} > {other}", exchanged, seed=seed + 10, edge=True)
    if "ℓ_max" in sizes and lengths:
        longest = dict.fromkeys(lengths, sizes["ℓ_max"])
        yield Variation("as long as can be", {**longest, "ℓ_gen": 1}, seed=20)
    for seed, name in enumerate(sizes, 30):
        if name not in MORE_THAN_1:
            short = dict.fromkeys(lengths, 1) if name == "ℓ_max" else {}
            yield Variation(f"{name} = 1", {name: 1, **short}, seed=seed, edge=True)


def sizes_in(algorithms: Mapping[str, Checked], id: str) -> list[str]:
    """Return the sizes that an algorithm's arguments have, at every depth, by name."""
    header = algorithms[id].header
    found: dict[str, None] = {}
    for _, type in (*header.inputs, *header.parameters):
        found |= dict.fromkeys(_sizes(type, algorithms))
    for key, type in header.hyperparameters.items():
        if isinstance(type, Whole) and type.value is not None:
            found[str(key)] = None
    return [name for name in SIZES if name in found]  # sets, which types have, are in no order


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
