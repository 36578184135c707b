"""Proofs and costs on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from spec.cost import Cost, Operations, highest, value
from spec.errata import Erratum
from spec.language.alg_file import STEP, Algorithm, Line
from spec.language.checked import Checked
from spec.language.inference.typing import Obligation
from spec.language.open_obligations import Balance
from spec.language.plain_text import text
from spec.language.polynomials import Atom, Poly
from spec.language.tree import Gradient, walk
from spec.language.types import Family
from spec.pairing import Ref

MULTIPLY_ADD = "multiply-add"


@dataclass(frozen=True)
class Proof:
    """An algorithm, its obligations, and which of them are not proved."""

    checked: Checked
    balance: Balance

    @property
    def open(self) -> tuple[Obligation, ...]:
        """What is not proved."""
        known = (one.obligation for one in self.balance.known)
        return *known, *self.balance.unexpected


def heading(algorithm: Algorithm) -> Text:
    """Return the number of an algorithm and what it is called."""
    number = (f"Algorithm {algorithm.id}  ", "bold magenta")
    return Text.assemble(number, (algorithm.signature or algorithm.title, "bold"))


# Proofs


def proofs(
    found: Sequence[Proof], errata: Mapping[str, Erratum], seconds: float, *, every: bool = False
) -> Iterator[RenderableType]:
    """Yield how many obligations are proved, and which are not; with `every`, all of them."""
    if every:
        for proof in found:
            yield heading(proof.checked.program.layout)
            yield _obligations(proof)
            yield Text()
    yield _proved(found)
    for proof in found:
        yield from _open(proof, errata)
    yield Text(f"All algorithms were read and checked in {seconds:.1f} s.", "dim")


def _proved(found: Sequence[Proof]) -> Table:
    """Return a table of algorithms and how many of their obligations are proved."""
    table = _table("", "Algorithm", "=", "≥", "Proved", "Open")
    sums = [0, 0, 0, 0]
    for proof in found:
        relations = [one.relation for one in proof.checked.typing.obligations]
        counts = [relations.count("="), relations.count("≥")]
        counts += [len(relations) - len(proof.open), len(proof.open)]
        sums = [have + more for have, more in zip(sums, counts, strict=True)]
        layout = proof.checked.program.layout
        table.add_row(layout.id, layout.title, *_counts(counts, proof.balance.holds))
    if len(found) > 1:
        table.add_section()
        holds = all(proof.balance.holds for proof in found)
        table.add_row("", "All", *_counts(sums, holds))
    return table


def _counts(counts: Sequence[int], holds: bool) -> list[Text]:
    styles = ("", "", "green", ("yellow" if counts[-1] else "dim") if holds else "bold red")
    return [Text(f"{n:,}", style) for n, style in zip(counts, styles, strict=True)]


def _obligations(proof: Proof) -> Table:
    """Return a table of the obligations: the line, what in it asks for it, the claim."""
    table = _table("Line", "Asked by", "Claim", "Polynomial", "", texts=4)
    for one in proof.checked.typing.obligations:
        is_open = any(one is other for other in proof.open)
        verdict = Text("open", "yellow") if is_open else Text("✓", "green")
        table.add_row(str(one.line), text(one.node), one.claim, _polynomial(one), verdict)
    return table


def _open(proof: Proof, errata: Mapping[str, Erratum]) -> Iterator[RenderableType]:
    """Yield what is open, and what is wrongly declared to be."""
    id, known, rows = proof.checked.id, proof.balance.known, _grid("bold")
    for obligation, declared in known:
        said = [_claim(obligation), Text(f"open, as declared: {declared.erratum}", "yellow")]
        if declared.erratum in errata:
            said.append(Text(errata[declared.erratum].why, "dim"))
        rows.add_row(str(Ref(id, obligation.line)), Group(*said))
    for obligation in proof.balance.unexpected:
        said = [_claim(obligation), Text("open, and not declared to be", "bold red")]
        rows.add_row(str(Ref(id, obligation.line)), Group(*said))
    for one in proof.balance.outdated:
        said = [Text(one.condition), Text(f"declared open ({one.erratum}), and is not", "bold red")]
        rows.add_row(str(Ref(id, one.line)), Group(*said))
    if rows.row_count:
        yield rows
        yield Text()


def _claim(obligation: Obligation) -> Text:
    return Text.assemble(obligation.claim, ":  ", _polynomial(obligation))


def _polynomial(obligation: Obligation) -> Text:
    return Text(f"{obligation.excess} {obligation.relation} 0", "dim")


# Costs


def polynomials(algorithm: Algorithm, cost: Cost) -> Iterator[RenderableType]:
    """Yield what each line costs, and all together, for any sizes."""
    table = _grid("dim")
    yield Text()
    for line in algorithm.lines:
        done = cost.lines[line.number]
        parts: list[RenderableType] = [_pseudocode(line)]
        if done.kinds:
            parts.append(Padding(_kinds(done), (0, 0, 0, STEP * (line.indent + 1))))
        table.add_row(str(line.number), Group(*parts))
    yield table
    yield from _headed("All lines", _kinds(cost.total))
    yield from _headed("Parameters", _Sum(factored(cost.parameters)))
    peaks = _grid("cyan")
    # Which ones matter where every loop has turns enough.
    for peak in highest(replace(one, needs=frozenset()) for one in cost.peaks):
        peaks.add_row(_path(peak.path), _Sum(factored(peak.numbers)))
    yield from _headed("Memory, in numbers: the largest of", peaks)
    if any(peak.needs for peak in cost.peaks):
        yield Text("Less, where a loop takes one turn.", "dim")


def numbers(algorithm: Algorithm, cost: Cost, sizes: Mapping[str, int]) -> Iterator[RenderableType]:
    """Yield what each line costs, and all together, at given sizes."""
    table = _table("", "Line", "Multiply-adds", "Others")
    for line in algorithm.lines:
        counts = _split(cost.lines[line.number], sizes)
        table.add_row(str(line.number), _pseudocode(line), *(f"{n:,}" if n else "" for n in counts))
    table.add_section()
    table.add_row("", "All lines", *(f"{n:,}" for n in _split(cost.total, sizes)))
    yield Text(", ".join(f"{name} = {size}" for name, size in sizes.items()), "dim")
    yield table
    found = _grid("cyan", "right")
    for kind, number in cost.total.kinds.items():
        found.add_row(kind, f"{value(number, sizes):,}", "")
    found.add_row()
    found.add_row("parameters", f"{value(cost.parameters, sizes):,}", "numbers")
    most, path = cost.peak(sizes)
    found.add_row("memory", f"{most:,}", f"numbers, in {_path(path)}")
    yield found


def remarks(checked: Checked, cost: Cost) -> Iterator[Text]:
    """Yield what is to be known of a cost beside its numbers."""
    nodes = [node for line in checked.program.lines for node in walk(line.statement)]
    said: list[str] = []
    if any(isinstance(node, Gradient) for node in nodes):
        said.append("∇ is not counted, only the function that it is taken of, and the step.")
    if any(isinstance(type, Family) for _, type in checked.header.inputs) and (
        any(name.startswith("length(") for name in cost.sizes)
    ):
        said.append("All sequences of the data are taken to be of one length.")
    if cost.at_most:
        lines = " and ".join(str(Ref(checked.id, line)) for line in sorted(cost.at_most))
        said.append(f"{lines} may do less, depending on the data.")
    if "turns" in cost.sizes:
        said.append("`turns` is how often the lines of `while` are carried out.")
    yield from (Text(one, "dim") for one in ("", *said) if said)


def factored(size: Poly) -> str:
    """Write a polynomial, what all its terms share before the rest.

    >>> from spec.language.polynomials import Atom
    >>> a, b = (Poly.of(Atom(name)) for name in "ab")
    >>> factored(2 * a * a * b - 4 * a * b), factored(a + b), factored(6 * a)
    ('2 a b (a − 2)', 'a + b', '6 a')
    """
    if len(size.terms) < 2:
        return str(size)
    factors = [Fraction(factor) for factor in size.terms.values()]
    share = Fraction(
        reduce(gcd, (factor.numerator for factor in factors)),
        reduce(lcm, (factor.denominator for factor in factors)),
    )
    common = min(map(list, size.terms), key=len)
    for term in size.terms:
        common = [atom for atom in dict.fromkeys(common) for _ in range(_least(atom, common, term))]
    rest = Poly({_without(term, common): factor / share for term, factor in size.terms.items()})
    shared = Poly({tuple(common): share})
    return str(size) if shared == 1 else f"{shared} ({rest})"


def _least(atom: Atom, *terms: Iterable[Atom]) -> int:
    return min(list(term).count(atom) for term in terms)


def _without(term: Iterable[Atom], common: Iterable[Atom]) -> tuple[Atom, ...]:
    left = list(term)
    for atom in common:
        left.remove(atom)
    return tuple(left)


def _split(done: Operations, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Return the multiply-adds and all others."""
    counts = {kind: value(number, sizes) for kind, number in done.kinds.items()}
    products = counts.pop(MULTIPLY_ADD, 0)
    return products, sum(counts.values())


# Layout


@dataclass(frozen=True)
class _Sum:
    """A sum that is broken only between its terms."""

    written: str

    @property
    def terms(self) -> list[str]:
        return re.split(r" (?=[+−] )", self.written)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        first, *others = self.terms
        rows = [first]
        for term in others:
            if cell_len(f"{rows[-1]} {term}") <= options.max_width:
                rows[-1] += f" {term}"
            else:
                rows.append(term)
        yield Text("\n".join(rows), overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(max(map(cell_len, self.terms)), cell_len(self.written))


def _table(*names: str, texts: int = 2) -> Table:
    """Return a table whose first column is a number, then come texts, then numbers again."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(names):
        if 0 < place < texts:
            table.add_column(name, overflow="fold")
        else:
            style = "" if place else "dim"
            table.add_column(name, justify="right", style=style, no_wrap=True)
    return table


def _grid(style: str, *justify: JustifyMethod) -> Table:
    """Return rows of a label, columns as wide as what they hold, and a text."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style=style, no_wrap=True)
    for each in justify:
        grid.add_column(justify=each, no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _kinds(done: Operations) -> Table:
    grid = _grid("cyan")
    for kind, number in done.kinds.items():
        grid.add_row(kind, _Sum(factored(number)))
    return grid


def _headed(title: str, below: RenderableType) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, "bold")
    yield Padding(below, (0, 0, 0, STEP))


def _pseudocode(line: Line) -> Padding:
    return Padding(Text(line.text), (0, 0, 0, STEP * line.indent))


def _path(path: Iterable[Ref]) -> str:
    return " → ".join(map(str, path))
