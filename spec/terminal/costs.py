"""What an algorithm costs: a table of its lines, and what all of them need together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from operator import and_

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from spec.cost import Cost, Operations, highest, value
from spec.language.alg_file import STEP, Algorithm, Line
from spec.language.checked import Checked
from spec.language.polynomials import Poly
from spec.language.tree import Gradient
from spec.language.types import sizes_of
from spec.pairing import Ref
from spec.terminal.bytes_of_numbers import BYTES, in_bytes
from spec.terminal.pseudocode_beside_code import heading
from spec.terminal.tables import Sum, Table, labelled, numbers, words

MULTIPLY_ADD = "multiply-add"


def report(
    checked: Checked, cost: Cost, sizes: Mapping[str, int] | None
) -> Iterator[RenderableType]:
    """Yield the costs of an algorithm at some sizes, or without sizes the formulas for all."""
    algorithm = checked.program.layout
    yield heading(algorithm)
    yield from _formulas(algorithm, cost) if sizes is None else _counts(algorithm, cost, sizes)
    if remarks := list(_remarks(checked, cost)):
        yield Text("\n" + "\n".join(remarks), "dim")


def _formulas(algorithm: Algorithm, cost: Cost) -> Iterator[RenderableType]:
    yield Text()
    lines = labelled("dim")
    for line in algorithm.lines:
        operations = cost.lines[line.number]
        parts: list[RenderableType] = [_pseudocode(line)]
        if operations.kinds:
            parts.append(Padding(_kinds(operations), (0, 0, 0, STEP * (line.indent + 1))))
        lines.add_row(str(line.number), Group(*parts))
    yield lines
    yield from headed("All lines", _kinds(cost.total))
    yield from headed("Parameters", Sum(factored(cost.parameters)))
    peaks = labelled("cyan")
    # Those that count where every loop takes as many turns as it needs.
    for peak in highest(replace(peak, needs=frozenset()) for peak in cost.peaks):
        peaks.add_row(path(peak.path), Sum(factored(peak.numbers)))
    yield from headed("Memory, in numbers: the largest of", peaks)
    if any(peak.needs for peak in cost.peaks):
        yield Text("It is less where a loop takes one turn.", "dim")


def _counts(algorithm: Algorithm, cost: Cost, sizes: Mapping[str, int]) -> Iterator[RenderableType]:
    yield Text(", ".join(f"{name} = {size}" for name, size in sizes.items()), "dim")
    yield Text()
    table = Table(words(""), numbers("Multiply-adds"), numbers("Others"))
    for line in algorithm.lines:
        counts = products_and_others(cost.lines[line.number], sizes)
        table.add_row(str(line.number), _pseudocode(line), *(f"{n:,}" if n else "" for n in counts))
    table.add_section()
    table.add_row("", "All lines", *(f"{n:,}" for n in products_and_others(cost.total, sizes)))
    yield table
    yield Text()
    kinds = labelled("cyan", "right")
    for kind, number in cost.total.kinds.items():
        kinds.add_row(kind, f"{value(number, sizes):,}")
    yield kinds
    yield Text()
    stored = Table(numbers("numbers"), *map(numbers, BYTES))
    most, where = cost.peak(sizes)
    for what, count in ("parameters", value(cost.parameters, sizes)), ("memory", most):
        stored.add_row(what, f"{count:,}", *(in_bytes(count * size) for size in BYTES.values()))
    yield stored
    yield Text(f"The most is in memory in {path(where)}.", "dim")


def _remarks(checked: Checked, cost: Cost) -> Iterator[str]:
    """Yield what one must know to read the numbers."""
    if checked.program.uses(Gradient):
        yield "∇ is not counted: only the function that it is taken of, and the step."
    if any(atom.at for _, type in checked.header.inputs for atom in sizes_of(type)):
        yield "All sequences of the data are assumed to have the same length."
    if cost.at_most:
        lines = " and ".join(str(Ref(checked.id, line)) for line in sorted(cost.at_most))
        yield f"{lines} may do less, depending on the data."
    if "turns" in cost.sizes:
        yield "`turns` is how often the lines of the loop `while` are carried out."


def factored(size: Poly) -> str:
    """Write a polynomial with the factors that all its terms share in front.

    >>> from spec.language.polynomials import Atom
    >>> a, b = (Poly.of(Atom(name)) for name in "ab")
    >>> factored(2 * a * a * b - 4 * a * b), factored(a + b), factored(6 * a)
    ('2 a b (a − 2)', 'a + b', '6 a')
    """
    if len(size.terms) < 2:
        return str(size)
    factors = [Fraction(factor) for factor in size.terms.values()]
    share = Fraction(
        gcd(*(factor.numerator for factor in factors)),
        lcm(*(factor.denominator for factor in factors)),
    )
    common = reduce(and_, map(Counter, size.terms))
    if share == 1 and not common:
        return str(size)
    rest = {
        tuple((Counter(term) - common).elements()): factor / share
        for term, factor in size.terms.items()
    }
    return f"{Poly({tuple(common.elements()): share})} ({Poly(rest)})"


def products_and_others(operations: Operations, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Return how many operations are multiply-adds, and how many are others."""
    counts = {kind: value(number, sizes) for kind, number in operations.kinds.items()}
    products = counts.pop(MULTIPLY_ADD, 0)
    return products, sum(counts.values())


def _kinds(operations: Operations) -> RichTable:
    kinds = labelled("cyan")
    for kind, number in operations.kinds.items():
        kinds.add_row(kind, Sum(factored(number)))
    return kinds


def headed(title: str, below: RenderableType) -> Iterator[RenderableType]:
    """Yield a title, and what stands below it."""
    yield Text()
    yield Text(title, "bold")
    yield Padding(below, (0, 0, 0, STEP))


def _pseudocode(line: Line) -> Padding:
    return Padding(Text(line.text), (0, 0, 0, STEP * line.indent))


def path(refs: Iterable[Ref]) -> str:
    """Write a line, the line of the algorithm that it calls, and so on."""
    return " → ".join(map(str, refs))
