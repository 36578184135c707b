"""The kinds of arguments that a check uses: sizes that all differ, then the edges of each size."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from spec.inputs.draw import LONGER, SIZES, as_required, per_token
from spec.inputs.size_table import size_table
from spec.language.checked import Checked
from spec.language.tree import Call, Choose, Gradient, Program, Sample, While
from spec.language.types import Bundle, Family, Matrix, Type, Whole, sizes_of
from spec.machine import Value

#: Sizes at which most mistakes differ from one another, and a call is quick.
SMALL = size_table("small")
#: The size of everything, where all sizes that can meet in a product are equal.
SQUARE = 4
#: Sizes that wrong code confuses: a check makes them equal once, and exchanges them once.
PAIRS = (("ℓ_x", "ℓ_z"), ("length(x)", "length(z)"), ("d_x", "d_z"), ("d_attn", "d_out"))
#: A vocabulary so large, and a text so long, that wrong probabilities are seen in its tokens.
MANY = {"N_V": 257, "ℓ_gen": 5}
#: A temperature that leaves little to chance, and at which no power underflows: τ = 0 is not in the
#: paper, whose τ lies in (0, ∞).
COLD = 1 / 16
#: A vocabulary so small that eos_token is drawn soon.
FEW = {"N_V": 3}
#: Seeds found by search: with these and FEW tokens, eos_token is the 2nd to 5th token drawn.
ENDING = (7, 10, 44, 52)
#: How often a function is tried whose result is one token that it draws.
TELLING = 12
#: How many turns a `while` may take: how long a text becomes that does not end.
TURNS = 4
#: The factor of inputs at which exp of a score overflows float64.
LOUD = 200.0
#: How many sequences a batch has, and how many tokens a call has where the algorithm takes one.
MEMBERS, TOKENS = 2, 5
#: Sizes that are never 1: the norm of a single number is 0/0.
NORMED = ("d_e", "d_f")


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
    all_digits
        Whether real numbers have all digits of float64; if not, float32 has each of them.
    members
        How many sequences a batch has, for a function that takes a batch.
    tokens
        How many tokens a call has, where the paper's algorithm takes one.
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
    all_digits: bool = False
    members: int = MEMBERS
    tokens: int = TOKENS
    edge: bool = False


def variations(
    algorithms: Mapping[str, Checked], id: str, *, batched: bool = False
) -> Iterator[Variation]:
    """Yield the variations of an algorithm; those that most mistakes fail on come first.

    A function that is batched takes batches of one, two and three.

    Where gradients are taken, which is slow, all sizes are the least. Where tokens are drawn, the
    vocabulary is large, so that a wrong probability is seen in the tokens.
    """
    program = algorithms[id].program
    usual = size_table("least") if program.uses(Gradient) else MANY if program.uses(Sample) else {}
    for variation in _variations(algorithms, id, {**SIZES, **usual}):
        if batched or variation.members == MEMBERS:
            yield variation._replace(sizes={**usual, **variation.sizes})


def _variations(
    algorithms: Mapping[str, Checked], id: str, usual: Mapping[str, int]
) -> Iterator[Variation]:
    header, program = algorithms[id].header, algorithms[id].program
    sizes = as_required({name: usual[name] for name in sizes_in(algorithms, id)}, header)
    calls = [node for node in program.nodes if isinstance(node, Call)]
    hyperparameters = {str(key) for key in header.hyperparameters}
    has_mask = "Mask" in hyperparameters
    has_context = len(header.inputs) > 1
    lengths = [name for name in sizes if name.startswith("length")]

    def long_enough(changed: Mapping[str, int]) -> Mapping[str, int]:
        """Let ℓ_max hold the longest sequence at some sizes."""
        if not lengths or "ℓ_max" not in sizes:
            return changed
        known = as_required({name: changed.get(name, size) for name, size in sizes.items()}, header)
        return {**changed, "ℓ_max": max(known["ℓ_max"], longest_sequence(program, known))}

    yield Variation("all sizes differ")
    yield Variation("all sizes differ, numbers of all digits", seed=1, all_digits=True)
    yield Variation("all sizes differ, and are small", long_enough(SMALL), seed=9)
    if "N_epochs" in sizes:  # where there are fewer layers and heads than epochs
        yield Variation("N_epochs = 2", {"N_epochs": 2}, seed=23, edge=True)
    if any(call.function == "max" for call in calls) and not header.distributions:
        # It is its other argument.
        yield Variation("inputs near to 0", scale=2.0**-6, seed=25)
    if "B" in sizes:  # a batch is a sum
        yield Variation("B = 2", {"N_steps": 1, "N_warm": 0, "B": 2}, seed=24, edge=True)
    if isinstance(header.output[1], Whole) and program.uses(Sample, Choose):  # it tells little
        for seed in range(40, 40 + TELLING):
            yield Variation("other random numbers", seed=seed)
    if per_token(header):  # the arguments are those of the first kind, without the other tokens
        yield Variation("one token", tokens=1)
    yield Variation("a batch of one", members=1)
    yield Variation("a batch of three", members=3)
    if program.uses(While):
        for seed in ENDING:
            yield Variation("a text that ends", FEW, seed=seed)
    if "r" in hyperparameters:  # where several runs of several tokens are left out
        yield Variation("a longer text", {"length(x)": 11}, seed=26)
    if "τ" in hyperparameters:
        yield Variation("the likeliest token, at a low temperature", values={"τ": COLD}, seed=22)
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
    if "N_B" in sizes:
        square |= {"N_B": 2, "B": SQUARE // 2}
    square = dict(long_enough(square))
    if square:
        yield Variation("all sizes the same", square, seed=4, edge=True)
    if has_mask:
        if has_context:
            yield Variation("a sequence and itself", square, seed=5, itself=True)
        yield Variation("a causal mask", square, seed=6, mask="causal")
    for seed, (small, large) in enumerate(PAIRS, 7):
        if {small, large} <= sizes.keys():
            yield Variation(f"{small} = {large}", {large: sizes[small]}, seed=seed, edge=True)
            exchanged = {small: sizes[large], large: sizes[small]}
            yield Variation(f"{small} > {large}", exchanged, seed=seed + 10, edge=True)
    if "ℓ_max" in sizes and lengths:
        longest = longest_sequence(program, sizes)
        yield Variation("as long as can be", {"ℓ_max": longest}, seed=20)
    for seed, name in enumerate(sizes, 30):
        if name not in more_than_1(sizes):
            least = dict.fromkeys((*lengths, "N_data", "N_steps", "ℓ_gen"), 1) | {"N_warm": 0}
            short = least if name == "ℓ_max" else {}
            yield Variation(f"{name} = 1", {**short, name: 1}, seed=seed, edge=True)


def more_than_1(sizes: Collection[str]) -> tuple[str, ...]:
    """Return which of some sizes are never 1: where rows turn in pairs, a head has two at least."""
    return (*NORMED, "d_attn") if "d_rot" in sizes else NORMED


def longest_sequence(program: Program, sizes: Mapping[str, int]) -> int:
    """Return how long the longest sequence is, or becomes, at some sizes of an algorithm."""
    given = max((size for name, size in sizes.items() if name.startswith("length")), default=0)
    given += LONGER * (sizes.get("N_data", 1) - 1) + sizes.get("ℓ_gen", 1) - 1
    return max(given, TURNS if program.uses(While) else 1)


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
