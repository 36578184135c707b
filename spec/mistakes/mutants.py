"""Small changes of the pseudocode: each line with one part of it replaced, by rules.

A mutant is the text of its line, so that it is read, checked and run as the line itself is. Nobody
says of it why it is made or what it does: the catalogue does, of those that people make.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from spec.language.checked import Checked, check
from spec.language.header import Header
from spec.language.parse import program, row
from spec.language.plain_text import text
from spec.language.tree import Line, Name, walk
from spec.language.types import Key, Whole
from spec.library import checked
from spec.mistakes.edit import with_rows
from spec.mistakes.mutation_rules import Scope, rewritten


@dataclass(frozen=True)
class Mutant:
    """One change of one line.

    Attributes
    ----------
    line
        The line, `4.5`.
    change
        What kind of change it is, in a few words: `drop ᵀ`.
    before, after
        The text of the line, or of the statement that carries it out.
    """

    line: str
    change: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.line}: {self.after}"


def mutants(id: str) -> Iterator[Mutant]:
    """Yield every mutant of every line of an algorithm; no two are written alike."""
    for line in checked()[id].program.body:
        yield from _of_block(line, _scope(id))


def mutated(mutant: Mutant, algorithms: Mapping[str, Checked]) -> Checked:
    """Return the algorithm with the line replaced; what follows its ▷ must still hold.

    Raises
    ------
    SpecError
        If that is no algorithm.
    """
    id, _, number = mutant.line.partition(".")
    before = algorithms[id].program
    claim = before.layout.lines[int(number) - 1].claim
    after = mutant.after if claim is None else f"{mutant.after} ▷ {claim}"
    headers = {one.id: one.header for one in algorithms.values()}
    return check(program(with_rows(before.layout, {int(number): after}), before), headers)


def _of_block(line: Line, scope: Scope) -> Iterator[Mutant]:
    name, before = f"{scope.checked.id}.{line.number}", line.layout.text
    seen = {before}
    for change, node in rewritten(line.statement, scope):
        if (after := text(node)) not in seen:
            seen.add(after)
            yield Mutant(name, change, before, after)
    inside = scope.within(line.statement)
    for inner in line.body:
        yield from _of_block(inner, inside)


@cache
def _scope(id: str) -> Scope:
    one = checked()[id]
    names: dict[Key, Name] = {}
    for line in one.program.lines:
        for node in walk(line.statement):
            if isinstance(node, Name) and (found := Scope(one, {}, (), {}).variable(node)):
                names.setdefault(found.key, node)
    for key in one.header.variables:
        names.setdefault(key, row(f"return {key}", "statement", id, "declared").value)
    counts = tuple(
        names[key]
        for key, type in one.header.variables.items()
        if isinstance(type, Whole) and type.value is not None
    )
    functions = {str(key): (1, 0) for _, key in one.names.functions.items()}
    callees = {callee for _, callee in one.typing.callees.items()}
    for other in checked().values():
        # The paper's, and what it calls: another algorithm of ours makes no mutant of this one.
        if other.program.layout.path.startswith("paper/") or other.id in callees:
            functions |= dict(_calls_of(other.header))
    return Scope(one, names, counts, functions)


def _calls_of(header: Header) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield how a function is called: with its inputs and parameters, or as it is abbreviated."""
    if header.function is not None:
        yield header.function, (len(header.inputs), len(header.parameters))
