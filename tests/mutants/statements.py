"""The statements of the reference's functions, and the lines that each of them is to blame for."""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from helpers.cases import REFERENCE
from helpers.planting import compiled

from mutants.mutant import Mutant
from spec import symbols
from spec.language.plain_text import text
from spec.library import checked
from spec.pairing import statements

FILE = "<mutant>"


@dataclass(frozen=True, eq=False)
class Site:
    """A statement that can be changed; of a compound one, the header.

    Attributes
    ----------
    lines
        The lines of its tag.
    tag
        The comment that says so, with the view if it has one; or nothing.
    node
        The statement, its block left out.
    first, last, end
        Its first and last row, and the last of its block.
    scope
        The names that hold something when it is carried out.
    """

    lines: tuple[str, ...]
    tag: str
    node: ast.stmt
    first: int
    last: int
    end: int
    scope: tuple[str, ...]

    @property
    def text(self) -> str:
        """The statement in one row."""
        return ast.unparse(self.node)

    @property
    def reads(self) -> set[str]:
        """The names it reads."""
        names = (node for node in ast.walk(self.node) if isinstance(node, ast.Name))
        return {node.id for node in names if isinstance(node.ctx, ast.Load)}

    @property
    def assigns(self) -> tuple[str, ...]:
        """The names it assigns."""
        if isinstance(self.node, ast.FunctionDef):
            return (self.node.name,)
        names = (node for node in ast.walk(self.node) if isinstance(node, ast.Name))
        return tuple(node.id for node in names if isinstance(node.ctx, ast.Store))


class Source:
    """The function of an algorithm: where it stands, and its statements."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.function = inspect.unwrap(REFERENCE[id])
        self.globals: dict[str, Any] = self.function.__globals__
        rows, first = inspect.getsourcelines(self.function)
        # The function alone, where it stands in its file.
        self.rows = ["from __future__ import annotations\n", *["\n"] * (first - 2), *rows]
        definition = ast.parse("".join(self.rows)).body[1]
        assert isinstance(definition, ast.FunctionDef), "it is the source of a function"
        self.tags = {one.first: one for one in statements(self.function)}
        arguments = _arguments(definition)
        #: Of an argument that is a part of θ, the fields.
        self.fields = {
            part.arg: fields
            for part in arguments
            for name in ast.walk(part)
            if isinstance(name, ast.Name)
            and (fields := getattr(self.globals.get(name.id), "_fields", None))
        }
        mentioned = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
        #: The other functions of the reference that it mentions: one that is added to its file does
        #: not change what its mutants are.
        self.functions = [
            name
            for name, value in self.globals.items()
            if name in mentioned
            and inspect.isfunction(value)
            and value.__module__.startswith("algorithms.")
            and value.__module__ != "algorithms.signatures.decorator"
            and inspect.unwrap(value) is not self.function
        ]
        self.sites: list[Site] = []
        self._walk(definition.body[1:], [part.arg for part in arguments])

    def _walk(self, body: Sequence[ast.stmt], scope: list[str]) -> None:
        """Take up the statements of a block; the scope grows with what they assign."""
        for node in body:
            block: list[ast.stmt] = getattr(node, "body", [])
            match node:
                case ast.Expr(ast.Call(ast.Name())):
                    continue  # nothing is taken from it: it only refuses
            if block and all(isinstance(part, ast.Expr | ast.Raise) for part in block):
                continue  # it only warns or refuses
            header = copy.copy(node)
            if isinstance(header, ast.For | ast.While | ast.If | ast.FunctionDef):
                header.body = []
            tagged = self.tags[node.lineno]
            lines = tuple(map(str, tagged.refs))
            view = "" if tagged.view is None else f"; {tagged.view}"
            site = Site(
                lines,
                f"  # {', '.join(lines)}{view}" if lines else "",
                header,
                tagged.first,
                tagged.last,
                node.end_lineno or 0,
                tuple(dict.fromkeys(scope)),
            )
            self.sites.append(site)
            scope += site.assigns
            if isinstance(node, ast.FunctionDef):
                self._walk(block, [*scope, *(part.arg for part in _arguments(node))])
            else:
                self._walk(block, scope)

    def line(self, site: Site) -> str:
        """The first line of a statement's tag, or of the next tag."""
        return next(one.lines[0] for one in self.sites if one.first >= site.first and one.lines)

    def find(self, mutant: Mutant) -> Site:
        """The statement that a mutant changes."""
        (found,) = (
            site
            for site in self.sites
            if (self.line(site), site.text) == (mutant.line, mutant.before)
        )
        return found

    def blamed(self, site: Site, after: str) -> set[str]:
        """The lines one of which is to be named where a statement reads `after`."""
        found = self.governed(site)
        node = _parsed(after)
        names = _changed(site.node, node)
        if not site.lines:
            block = [one for one in self.sites if site.first < one.first <= site.end]
            names |= {name for one in block for name in one.assigns}
            found |= {line for name in names for line in self.uses(name, site.end)}
        for name in names | _passed(site.node, node):
            found |= implied(self.id).get(name, set())
        return found

    def governed(self, site: Site) -> set[str]:
        """The lines of a statement, and those that it has carried out or not."""
        found = set(site.lines)
        for one in self.sites:
            inside = site.first < one.first <= site.end
            called = isinstance(one.node, ast.FunctionDef) and one.node.name in site.reads
            if inside or called:
                found |= self.governed(one)
        if isinstance(site.node, ast.For | ast.While):
            found |= next((set(one.lines) for one in self.sites if one.first > site.end), set())
        return found

    def uses(self, name: str, row: int) -> set[str]:
        """The lines below a row that read a name, until it is assigned again."""
        found: set[str] = set()
        for site in self.sites:
            if site.first <= row:
                continue
            if name in site.reads:
                found |= self.governed(site)
                if not site.lines or isinstance(site.node, ast.For):  # it hands it on
                    found |= {line for one in site.assigns for line in self.uses(one, site.first)}
            maybe = any(
                isinstance(one.node, ast.If) and one.first < site.first <= one.end
                for one in self.sites
            )
            if name in site.assigns and not maybe:
                break
        return found

    def is_unread(self, name: str, loop: Site) -> bool:
        """Whether no statement but a loop's own header, which is done once, reads a name."""
        loops = (one for one in self.sites if isinstance(one.node, ast.For | ast.While))
        within = any(one.first < loop.first <= one.end for one in loops)
        return not within and all(name not in one.reads for one in self.sites if one is not loop)

    def build(self, site: Site, after: str) -> Callable[..., Any]:
        """A copy of the function in which a statement reads `after`."""
        row = f"{' ' * site.node.col_offset}{after}{site.tag}\n"
        rows = list(self.rows)
        rows[site.first - 1 : site.last] = [row, *["\n"] * (site.last - site.first)]
        names = compiled("".join(rows), self.globals, FILE)
        function: Callable[..., Any] = names[self.function.__name__]
        return function


@cache
def source(id: str) -> Source:
    """The function of an algorithm."""
    return Source(id)


def _arguments(node: ast.FunctionDef) -> list[ast.arg]:
    return [part for part in ast.iter_child_nodes(node.args) if isinstance(part, ast.arg)]


@cache
def called(id: str) -> frozenset[str]:
    """The algorithms that an algorithm calls, and those that these call."""
    callees = {callee for _, callee in checked()[id].typing.callees.items()}
    return frozenset(callees.union(*map(called, callees)))


@cache
def implied(id: str) -> dict[str, set[str]]:
    """The lines that read what an algorithm's calls pass on unsaid: ε, which activation it is.

    By the name that it has in Python.
    """
    callees = [checked()[callee] for callee in called(id)]
    words = {
        f"{algorithm.id}.{line.number}": text(line.statement)
        for algorithm in callees
        for line in algorithm.program.lines
    }
    found = {
        name: {line for line in words if re.search(rf"\b({functions})[(]", words[line])}
        for name, functions in {"activation": "GELU|ReLU", "attention": "Attention|attend"}.items()
    }
    for algorithm in callees:
        for glyph in map(str, algorithm.header.hyperparameters):
            lines = {line for line in words if glyph in words[line]}
            if {line.partition(".")[0] for line in lines} == {algorithm.id}:
                found[symbols.ascii(glyph)] = lines
    return found


def _parsed(after: str) -> ast.stmt:
    (node,) = ast.parse(f"{after} ..." if after.endswith(":") else after).body
    return node


def _passed(before: ast.stmt, after: ast.stmt) -> set[str]:
    """The names of the keywords that have another value, or none any more."""
    old, new = (
        {(part.arg, ast.unparse(part.value)) for part in ast.walk(node)
         if isinstance(part, ast.keyword)}
        for node in (before, after)
    )  # fmt: skip
    return {name for name, _ in old ^ new if name is not None}


def _changed(before: ast.stmt, after: ast.stmt) -> set[str]:
    """The names to which a statement gives another value: of several, those alone."""
    old, new = _given(before), _given(after)
    pairs = itertools.zip_longest(old, new, fillvalue=("", ""))
    changed = (part[0] for pair in pairs if pair[0] != pair[1] for part in pair)
    return {name for given in changed for name in re.findall(r"\w+", given)}


def _given(node: ast.stmt) -> list[tuple[str, str]]:
    """What a statement assigns, name by name."""
    match node:
        case ast.Assign([ast.Tuple(names)], ast.Tuple(values)) if len(names) == len(values):
            pass
        case ast.Assign([ast.Tuple(names)], value):
            values = [value] * len(names)
        case (
            ast.Assign([name], value)
            | ast.For(name, value)
            | ast.AnnAssign(name, _, ast.expr() as value)
        ):
            names, values = [name], [value]
        case _:
            return []
    return [
        (ast.unparse(one), ast.unparse(other)) for one, other in zip(names, values, strict=True)
    ]
