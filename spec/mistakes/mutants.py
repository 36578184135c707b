"""Mutants of the pseudocode: each line with one part of it changed, by rules.

A mutant is the text of its line, so that it is read, checked and run as the line itself is. What
sets it apart from a mistake of the catalogue is that nobody says why it is made or what it does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from spec.language import tree
from spec.language.checked import Checked
from spec.language.inference.calls import NOTATION
from spec.language.parse import row
from spec.language.plain_text import text
from spec.language.types import Key, Whole
from spec.library import checked, paper
from spec.mistakes.edit import edited_together
from spec.mistakes.mutation_rules import Scope, changes, variable_of


@dataclass(frozen=True)
class Mutant:
    """One change of one line.

    Attributes
    ----------
    line
        The line: `4.5`.
    change
        What kind of change it is, in a few words: `drop a function`.
    before, after
        The text of the line, or of the statement that carries it out.
    claim
        What follows the ▷ of the line, which must still hold.
    """

    line: str
    change: str
    before: str
    after: str
    claim: str | None = None

    def __str__(self) -> str:
        return f"{self.line}: {self.after}"

    @property
    def algorithm(self) -> str:
        """The id of the algorithm."""
        return self.line.partition(".")[0]

    @property
    def edits(self) -> Mapping[str, str]:
        """What stands in place of the line."""
        return {self.line: self.after if self.claim is None else f"{self.after} ▷ {self.claim}"}

    @property
    def equal(self) -> Mapping[str, str]:
        """No sizes: it makes sense wherever the line does."""
        return {}

    @property
    def helpers(self) -> Sequence[str]:
        """No texts: it calls what there is."""
        return ()


def mutants(id: str) -> Iterator[Mutant]:
    """Yield every mutant of every line of an algorithm; no two are written alike."""
    for line in checked()[id].program.body:
        yield from _mutants_of_block(line, _scope(id))


def mutated(mutant: Mutant, algorithms: Mapping[str, Checked]) -> Checked:
    """Return the algorithm with the line replaced; what follows its ▷ must still hold.

    Raises
    ------
    SpecError
        If the result is not an algorithm.
    """
    number = int(mutant.line.partition(".")[2])
    claim = algorithms[mutant.algorithm].program.layout.lines[number - 1].claim
    return edited_together((replace(mutant, claim=claim),), algorithms)[mutant.algorithm]


def _mutants_of_block(line: tree.Line, scope: Scope) -> Iterator[Mutant]:
    """Yield the mutants of a line, then those of the lines of the block that it opens."""
    name, before = f"{scope.checked.id}.{line.number}", line.layout.text
    seen = {before}
    for change, statement in changes(line.statement, scope):
        if (after := text(statement)) not in seen:
            seen.add(after)
            yield Mutant(name, change, before, after, line.layout.claim)
    inner_scope = scope.within(line.statement)
    for inner in line.body:
        yield from _mutants_of_block(inner, inner_scope)


@cache
def _scope(id: str) -> Scope:
    """Return what the rules know of an algorithm.

    Of other algorithms they know the paper's, and those that it calls: an algorithm of ours that
    is added does not move the mutants of those that there are.
    """
    own = checked()[id]
    known = {id, *paper(), *(callee for _, callee in own.typing.callees.items())}
    functions = {str(key): (1, 0) for _, key in own.names.functions.items()}
    called = set()
    for other in sorted(known):
        algorithm = checked()[other]
        called |= {node.function for node in algorithm.program.nodes if isinstance(node, tree.Call)}
        header = algorithm.header
        if header.function is not None and other != id:
            functions[header.function] = len(header.inputs), len(header.parameters)
    variables = _variables(own)
    sizes = [
        (variables[key], type.value)
        for key, type in own.header.variables.items()
        if isinstance(type, Whole) and type.value is not None
    ]
    return Scope(own, variables, sizes, [name for name in NOTATION if name in called], functions)


def _variables(checked: Checked) -> dict[Key, tree.Name]:
    """Return every variable of an algorithm as a name, as the lines or the declarations have it."""
    found: dict[Key, tree.Name] = {}
    for node in checked.program.nodes:
        if isinstance(node, tree.Name) and (variable := variable_of(checked, node)) is not None:
            found.setdefault(variable.key, node)
    for key in checked.header.variables:
        found.setdefault(key, row(f"return {key}", "statement", checked.id, "declared").value)
    return found
