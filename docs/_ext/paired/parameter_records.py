"""The classes of an algorithm's parameters, as their source has them: names, types and shapes."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from spec import symbols
from spec.language import tree
from spec.language.plain_text import text
from spec.language.tree import Node, Program
from spec.library import programs
from spec.pairing import Code, Function, Pairing

from .public import made_of_arrays

SECTION = "Parameters"


@dataclass(frozen=True)
class Record:
    """A class of parameters, and the rows of its source that say what it holds."""

    type: type
    code: tuple[Code, ...]

    @property
    def file(self) -> str:
        """The file of the class."""
        return inspect.getfile(self.type)


def records(pairing: Pairing) -> tuple[Record, ...]:
    """Return the classes of what the section of parameters spells out: `θ consisting of …`.

    They are those that annotate the function's arguments, and below them those of which the
    section declares each field. Layers stand there, field by field, but not their attention, which
    is `as in Algorithm 5`.
    """
    return _records_of(pairing.algorithm.id, inspect.unwrap(pairing.function))


@cache
def _records_of(id: str, function: Function) -> tuple[Record, ...]:
    read = programs()[id]
    annotations = _annotations_of_arguments(function)
    return tuple(
        record
        for name in _bundles(read)
        if name in annotations
        for record in _records(annotations[name], function.__module__, set(_declared(read)))
    )


def _records(
    annotation: ast.expr, module: str, declared: set[str], nested: bool = False
) -> Iterator[Record]:
    for node in ast.walk(annotation):
        name = node.id if isinstance(node, ast.Name) else ""
        value = getattr(sys.modules[module], name, None)
        if not (inspect.isclass(value) and made_of_arrays(value)):
            continue
        definition, rows = _source(value)
        fields = [part for part in definition.body if isinstance(part, ast.AnnAssign)]
        if nested and not {ast.unparse(field.target) for field in fields} <= declared:
            continue
        head = range(definition.lineno, definition.body[0].lineno)
        shown = [*head, *(row for field in fields for row in _rows(field))]
        yield Record(value, tuple(rows[row] for row in shown))
        for field in fields:
            yield from _records(field.annotation, value.__module__, declared, nested=True)


def _source(record: type) -> tuple[ast.ClassDef, dict[int, Code]]:
    """Return a class as a tree, and its rows, counted as in the tree, each with its own number."""
    lines, start = inspect.getsourcelines(record)
    (definition,) = ast.parse(textwrap.dedent("".join(lines))).body
    assert isinstance(definition, ast.ClassDef)
    rows = {at: Code(start + at - 1, line.rstrip()) for at, line in enumerate(lines, 1)}
    return definition, rows


def _rows(part: ast.stmt) -> range:
    assert part.end_lineno is not None, "set by ast.parse"
    return range(part.lineno, part.end_lineno + 1)


def _annotations_of_arguments(function: Any) -> dict[str, ast.expr]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef), "the pairing has read it"
    given = definition.args
    arguments = (*given.posonlyargs, *given.args, *given.kwonlyargs)
    return {one.arg: one.annotation for one in arguments if one.annotation is not None}


def _bundles(read: Program) -> Iterator[str]:
    """Yield the names in Python of what the section says that it consists of something."""
    if any(section.name == SECTION for section in read.layout.sections):
        for row in read.section(SECTION):
            if isinstance(row.node, tree.Consists):
                yield symbols.ascii(text(row.node.name))


def _declared(read: Program) -> Iterator[str]:
    """Yield the names in Python of everything in the section that has one."""
    for row in read.section(SECTION):
        for name in _names(row.node):
            try:
                yield symbols.ascii(text(name))
            except symbols.UnknownSymbol:
                continue


def _names(node: Node) -> Iterator[tree.Name]:
    match node:
        case tree.Declarations(items):
            for item in items:
                yield from _names(item)
        case tree.Declaration(names) | tree.Alike(names):
            yield from (name for name in names if isinstance(name, tree.Name))
