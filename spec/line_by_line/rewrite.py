"""Rewrites a function so that each of its tagged statements reports what it did.

`S = K.mT @ Q  # 4.4` becomes, in the function's syntax tree,

    @call = @enter(0, @locals())            where the function begins
    S = K.mT @ Q
    @report(@nothing, 1, @call, @locals())

with names that no source can hold. A compound statement whose header is tagged (a `for`, a `with`,
an `else`) reports as a whole, unless tags stand inside: then those statements report. A statement
that is left by a `return`, a `break` or a `continue` reports there.
"""

import ast
import inspect
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType

from spec.line_by_line.event import Event
from spec.pairing import PairingError, Statement, statements

_numbers = itertools.count()

_Definition = ast.FunctionDef | ast.AsyncFunctionDef
_Loop = ast.For | ast.AsyncFor | ast.While
_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True)
class Rewritten:
    """The code of a function whose tagged statements report, and every name that it mentions.

    `sites` holds for each statement that reports, by the number in its report, the event as far as
    it is known before the function runs, and the names that the statement assigns.
    """

    code: CodeType
    names: set[str]
    sites: Mapping[int, tuple[Event, Sequence[str]]]


@lru_cache(maxsize=256)
def rewritten(function: FunctionType, algorithm: str | None) -> Rewritten:
    """Return a function that reports, with an entry if it carries out an algorithm.

    A `PairingError` is raised if that cannot be, or a tag stands where nothing can report.
    """
    return _Rewriter(function).rewrite(algorithm)


class _Rewriter:
    """Rewrites one function: its statements, and those of the functions inside it."""

    def __init__(self, function: FunctionType) -> None:
        self._code = function.__code__
        self._globals = function.__globals__
        self._sites: dict[int, tuple[Event, Sequence[str]]] = {}
        self._name = function.__name__
        if self._code.co_name == "<lambda>" or self._code.co_flags & _SUSPENDS:
            raise PairingError(f"{self._name}: no lambda, generator or coroutine can be observed")
        self._lines = statements(function)
        self._rows, _ = inspect.findsource(function)
        self._at = {row: line for line in self._lines for row in range(line.first, line.last + 1)}
        self._placed: set[Statement] = set()

    def rewrite(self, algorithm: str | None) -> Rewritten:
        module = ast.parse("".join(self._rows))
        top, definition = self._definition(module)
        names = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
        self._function(definition, algorithm)
        for line in self._lines:
            if line.refs and line not in self._placed:
                raise PairingError(f"{self._name}, row {line.first}: its tag marks no statement")
        # Compiled where it stands, it closes over the same variables, of the same class.
        module.body = [
            node
            for node in module.body
            if node is top or (isinstance(node, ast.ImportFrom) and node.module == "__future__")
        ]
        ast.fix_missing_locations(module)
        compiled = compile(module, self._code.co_filename, "exec", dont_inherit=True)
        place = (self._code.co_qualname, self._code.co_firstlineno)
        codes = (one for one in _codes(compiled) if (one.co_qualname, one.co_firstlineno) == place)
        return Rewritten(next(codes), names, self._sites)

    def _add_site(self, event: Event, names: Iterable[str]) -> int:
        """Note a place that will report; return the number by which it does."""
        number = next(_numbers)
        self._sites[number] = (event, tuple(dict.fromkeys(names)))
        return number

    def _definition(self, module: ast.Module) -> tuple[ast.stmt, _Definition]:
        """Return the function's definition, and the statement of the module that holds it."""
        place = (self._code.co_name, self._code.co_firstlineno)
        for top in module.body:
            for node in ast.walk(top):
                if isinstance(node, _Definition) and place == (node.name, _start(node)):
                    return top, node
        raise PairingError(f"{self._name}: its source has changed")

    def _function(self, node: _Definition, algorithm: str | None = None) -> None:
        """Make a function report where it begins, and its statements."""
        documented = ast.get_docstring(node, clean=False) is not None
        head, body = node.body[:documented], node.body[documented:]
        parts = ast.iter_child_nodes(node.args)
        arguments = [part.arg for part in parts if isinstance(part, ast.arg)]
        text = f"{node.name}({', '.join(arguments)})"
        event = Event((), algorithm, self._name, node.lineno, text, names=self._globals)
        number = _call("@enter", ast.Constant(self._add_site(event, arguments)), _call("@locals"))
        enter = ast.Assign([ast.Name("@call", ast.Store())], number)
        node.body = [*head, ast.copy_location(enter, node), *self._block(body)]

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrite the statements of a function, of a loop, of a branch."""
        if not body:
            return []
        header = self._header(body[0])
        if header is not None and self._report_as_a_whole(body, header):
            return self._with_report(body, header)
        rewritten: list[ast.stmt] = []
        # Several statements may stand on one row.
        for line, group in itertools.groupby(body, lambda node: self._at.get(node.lineno)):
            nodes = list(group)
            if line is not None and line.refs and self._report_as_a_whole(nodes, line):
                rewritten += self._with_report(nodes, line)
            else:
                rewritten += map(self._with_reports_inside, nodes)
        return rewritten

    def _header(self, first: ast.stmt) -> Statement | None:
        """Return the tagged row above a block, if it is not a statement of its own: an `else:`."""
        line = self._at.get(_start(first), self._lines[0])
        above = self._lines[: self._lines.index(line)][-1:]
        return next((line for line in above if line.refs and line not in self._placed), None)

    def _report_as_a_whole(self, nodes: list[ast.stmt], line: Statement) -> bool:
        """Say whether tagged statements report as a whole: no tag stands below the header."""
        self._placed.add(line)
        return not self._has_tag(line.last + 1, nodes[-1])

    def _has_tag(self, first: int, node: ast.stmt) -> bool:
        """Say whether a tag stands between a row and the end of a statement."""
        assert node.end_lineno is not None, "set by ast.parse"
        return any(line.refs and first <= line.first <= node.end_lineno for line in self._lines)

    def _with_reports_inside(self, node: ast.stmt) -> ast.stmt:
        if not self._has_tag(_start(node), node):
            return node
        if isinstance(node, _Definition):
            outer, self._name = self._name, f"{self._name}.{node.name}"
            self._function(node)
            self._name = outer
            return node
        for owner, name, block in _blocks(node):
            setattr(owner, name, self._block(block))
        return node

    def _with_report(self, nodes: list[ast.stmt], line: Statement) -> list[ast.stmt]:
        """Return tagged statements, followed by the report of what they did."""
        views = dict(self._views(line))
        below = {ref for later in self._lines if later.first > line.last for ref in later.refs}
        event = Event(
            line.refs,
            None,
            self._name,
            line.first,
            line.text,
            unfinished=tuple(ref for ref in line.refs if ref in below),
            views=views,
            names=self._globals,
        )
        site = self._add_site(event, itertools.chain.from_iterable(map(_assigned, nodes)))
        report: list[ast.stmt] = [ast.Expr(_report(site))]
        if views:  # never run, but a function sees only those outer variables that it mentions
            mention: list[ast.stmt] = [ast.Expr(_expression(view)) for view in views.values()]
            report.insert(0, ast.If(ast.Constant(False), mention, []))
        last = nodes[-1]
        return [*_exits(nodes, site), *(ast.copy_location(node, last) for node in report)]

    def _views(self, line: Statement) -> Iterator[tuple[str, str]]:
        """Yield the variables of a tag's views, and their expressions."""
        for part in line.view.split(";") if line.view is not None else ():
            name, _, view = map(str.strip, part.partition("="))
            try:
                _expression(view)
            except SyntaxError:
                name = ""
            if not name.isidentifier():
                problem = f"{part.strip()} is not a view"
                raise PairingError(f"{self._name}, row {line.last}: {problem}")
            yield name, view


def _exits(nodes: list[ast.stmt], site: int, loop: bool = False) -> Iterator[ast.stmt]:
    """Make statements report where they are left before their end."""
    for node in nodes:
        if isinstance(node, ast.Return):
            node.value = _report(site, node.value or ast.Constant(None))
        elif isinstance(node, ast.Break | ast.Continue) and not loop:
            yield ast.copy_location(ast.Expr(_report(site)), node)
        elif not isinstance(node, _Definition | ast.ClassDef):
            for owner, name, block in _blocks(node):
                again = loop or (isinstance(owner, _Loop) and name == "body")
                setattr(owner, name, list(_exits(block, site, again)))
        yield node


def _report(site: int, result: ast.expr | None = None) -> ast.Call:
    """Return a call of `@report`; the result stands first, so that names it assigns are seen."""
    result = result or ast.Name("@nothing", ast.Load())
    call = ast.Name("@call", ast.Load())
    return _call("@report", result, ast.Constant(site), call, _call("@locals"))


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _blocks(node: ast.AST) -> Iterator[tuple[ast.AST, str, list[ast.stmt]]]:
    """Yield the blocks of a compound statement, each by its owner and its name there."""
    for name, value in ast.iter_fields(node):
        match value:
            case [ast.stmt(), *_]:
                yield node, name, value
            case [ast.ExceptHandler() | ast.match_case(), *_]:
                for part in value:
                    yield from _blocks(part)


def _assigned(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement assigns in the scope it stands in."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            return
        case ast.Lambda():
            return
        case ast.comprehension():  # its target is its own
            for expression in (node.iter, *node.ifs):
                yield from _assigned(expression)
            return
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.Subscript(ctx=ast.Store()):
            base: ast.expr = node
            while isinstance(base, ast.Subscript | ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name):
                yield base.id
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
    for part in ast.iter_child_nodes(node):
        yield from _assigned(part)


def _start(node: ast.stmt) -> int:
    """Return a statement's first row, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code objects within a code object, at every depth."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield part
            yield from _codes(part)
