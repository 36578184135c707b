"""What the language is made of, and which texts need each of it: read off their trees."""

import inspect
from collections.abc import Iterator, Sequence

from docutils import nodes

from spec.language import tree
from spec.language.tree import Expression, Node, Program, Single, walk
from spec.library import programs

from .domain import reference
from .tables import Cell

#: How many texts are named; of what most texts use, three are enough.
NAMED = 3


def constructs() -> Iterator[Sequence[Cell]]:
    """Yield each kind of node, how it is written, the first texts that use it, and how many do."""
    used = uses()
    for kind in kinds():
        at = used.get(kind, {})
        named: list[nodes.Node] = []
        for id, line in [*at.items()][:NAMED]:
            named += [nodes.Text(", ")] if named else []
            named += [reference("alg", id, id) if line is None else _line(id, line)]
        yield _written(kind), named, str(len(at))


def kinds() -> list[type[Node]]:
    """Return every kind of node of the tree, in the order of its module."""
    bases = {Node, Expression, Single}
    every = [kind for kind in vars(tree).values() if inspect.isclass(kind)]
    return [kind for kind in every if issubclass(kind, Node) and kind not in bases]


def uses() -> dict[type[Node], dict[str, int | None]]:
    """Return the texts that use each kind, with the first line of each; none is its head."""
    used: dict[type[Node], dict[str, int | None]] = {}
    for id, program in programs().items():
        for node, line in _nodes(program):
            at = used.setdefault(type(node), {})
            if at.get(id) is None:  # a numbered line says more than the head
                at[id] = line
    return used


def _nodes(program: Program) -> Iterator[tuple[Node, int | None]]:
    if program.signature is not None:
        yield from ((node, None) for node in walk(program.signature))
    for row in program.rows:
        yield from ((node, None) for node in walk(row.node))
    for line in program.lines:
        yield from ((node, line.number) for node in walk(line.statement))
        if line.claim is not None:
            yield from ((node, line.number) for node in walk(line.claim))


def _line(id: str, line: int) -> nodes.Node:
    return reference("algline", f"{id}.{line}", f"{id}.{line}")


def _written(kind: type[Node]) -> list[nodes.Node]:
    """Set the first row of a docstring, which has pseudocode between grave accents."""
    first, *_ = inspect.getdoc(kind).splitlines()  # type: ignore[union-attr]
    return [
        nodes.literal(part, part) if place % 2 else nodes.Text(part)
        for place, part in enumerate(first.split("`"))
        if part
    ]
