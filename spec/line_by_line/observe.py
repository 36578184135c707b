"""What a function's variables hold after each of its tagged statements.

The function's syntax tree is rewritten so that each tagged statement reports after itself; the
function itself, its module and the interpreter's tracing are left alone. A compound statement
tagged on its header (a `for`, a `with`, an `else`) reports as a whole, unless tags stand inside:
then those do. A statement that is left by a `return`, a `break` or a `continue` reports there.
"""

import ast
import inspect
import itertools
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, Final

from spec.pairing import Function, PairingError, Ref, Statement, algorithm_of, statements


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


#: What a statement gives that is no `return`.
NOTHING: Final = _Nothing()


@dataclass(frozen=True, eq=False)
class Event:
    """A tagged statement was carried out, or the function of an algorithm was entered.

    Attributes
    ----------
    refs
        The lines that the statement carries out; none at an entry.
    algorithm
        At an entry, the id of the algorithm; else None.
    function
        The name of the function, `EDTraining.loss` for one defined inside another.
    row
        The first row of the statement, in its file: with the function, its identity.
    call
        The number of the call in which this happened: each call of an observed function, and of
        one defined inside it, has its own.
    text
        The statement as it is written, in one row; of a compound one the header.
    unfinished
        The lines that a statement further down carries out, too.
    variables
        What the names that the statement assigns held after it, an array's elements included:
        in `S[0] = 1`, all of S. At an entry, the arguments.
    scope
        What all local variables held, those of enclosing functions included that the function,
        or a view, mentions.
    result
        What a `return` returned; else `NOTHING`.
    views
        The expressions that bring the code's layout to the paper's, by the variable they give;
        `return` is a name like any.
    """

    refs: tuple[Ref, ...]
    algorithm: str | None
    function: str
    row: int
    text: str
    unfinished: tuple[Ref, ...] = ()
    views: Mapping[str, str] = field(default_factory=dict)
    call: int = 0
    variables: Mapping[str, Any] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)
    result: Any = NOTHING
    _globals: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def where(self) -> str:
        """The function and the row, for people."""
        return f"{self.function}, row {self.row}"

    def view(self, name: str) -> Any:
        """Return what a view gives; in its expression, `_` is what was returned."""
        returned = {} if self.result is NOTHING else {"_": self.result}
        return eval(self.views[name], {**self._globals, **self.scope, **returned})


@dataclass(frozen=True, eq=False)
class Observation:
    """A call: what it returned or raised, and what happened until then."""

    result: Any
    events: list[Event]
    error: Exception | None = None


def observe(function: Function, /, *args: Any, **kwargs: Any) -> Observation:
    """Call a function, and report what its variables hold after each tagged statement.

    Functions defined inside it are observed too, and so is each function that it calls by a name
    of its module or of an enclosing function, if it carries out an algorithm
    (`function.algorithm == "4"`). Decorators work as they do without observation, if they are
    functions made by `functools.wraps`; others, `jax.jit` say, are left out.

    Parameters
    ----------
    function
        A function or a method made by `def`, whose source is at hand.

    Returns
    -------
    Observation
        If the function raises, its `result` is `NOTHING` and its `error` what was raised.

    Raises
    ------
    PairingError
        If a function cannot be observed, or a tag stands where nothing can report.
    """
    observer = _Observer()
    twin = observer.twin(function)
    try:
        result = twin(*args, **kwargs)
    except Exception as error:
        return Observation(NOTHING, list(observer.events), error)
    return Observation(result, list(observer.events))


class _Observer:
    """Makes the twins of functions, which report to it.

    In the twins' code it goes by names that no source can hold: `@call = @enter(…)` where a
    function begins, `@report(…)` after a statement.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._sites: list[tuple[Event, tuple[str, ...]]] = []
        self._calls = itertools.count()
        self._twins: dict[FunctionType, FunctionType] = {}
        self._namespaces: dict[int, dict[str, Any]] = {}

    def twin(self, function: Function) -> Function:
        """Return a function that does the same and reports."""
        if inspect.ismethod(function):
            return MethodType(self.twin(function.__func__), function.__self__)
        bare = inspect.unwrap(function)
        if not isinstance(bare, FunctionType):
            name = getattr(function, "__qualname__", repr(function))
            raise PairingError(f"{name}: only functions and methods in Python can be observed")
        if bare not in self._twins:
            self._make(bare, algorithm_of(function))
        return _decorated(function, self._twins[bare])

    def site(self, event: Event, names: Iterable[str]) -> int:
        """Take up a place that reports, and the names it assigns; return its number."""
        self._sites.append((event, tuple(dict.fromkeys(names))))
        return len(self._sites) - 1

    def enter(self, site: int, scope: Mapping[str, Any]) -> int:
        """Number a call; record it if the function carries out an algorithm."""
        call = next(self._calls)
        if self._sites[site][0].algorithm is not None:
            self.report(NOTHING, site, call, scope)
        return call

    def report(self, result: Any, site: int, call: int, scope: Mapping[str, Any]) -> Any:
        """Record an event; return the result as it came."""
        event, names = self._sites[site]
        scope = {name: _snapshot(value) for name, value in scope.items() if name[0] != "@"}
        variables = {name: scope[name] for name in names if name in scope}
        self.events.append(
            replace(event, call=call, variables=variables, scope=scope, result=_snapshot(result))
        )
        return result

    def _make(self, function: FunctionType, algorithm: str | None) -> None:
        code, names = _Rewriter(function, self.site).rewrite(algorithm)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        # A view may mention an enclosing function's variable that the code does not: no cell.
        free = {name: cells.get(name, CellType()) for name in code.co_freevars}
        called = {name: cell for name, cell in free.items() if self._observes(_contents(cell))}
        free |= {name: CellType() for name in called}

        namespace = self._namespace(function)
        twin = FunctionType(
            code, namespace, function.__name__, function.__defaults__, tuple(free.values())
        )
        twin.__kwdefaults__ = function.__kwdefaults__
        twin.__dict__.update(function.__dict__)
        self._twins[function] = twin  # before those it calls: they may call it

        for name, cell in called.items():
            free[name].cell_contents = self.twin(_contents(cell))
        for name in names & function.__globals__.keys():
            if self._observes(value := function.__globals__[name]):
                namespace[name] = self.twin(value)

    def _observes(self, value: Any) -> bool:
        if algorithm_of(value) is not None:
            return True
        return inspect.isfunction(value) and inspect.unwrap(value) in self._twins

    def _namespace(self, function: FunctionType) -> dict[str, Any]:
        """Return the twins' copy of the names of a function's module."""
        given = function.__globals__
        if id(given) not in self._namespaces:
            hooks = {
                "@enter": self.enter,
                "@report": self.report,
                "@nothing": NOTHING,
                "@locals": locals,
            }
            self._namespaces[id(given)] = {**given, **hooks}
        return self._namespaces[id(given)]


def _decorated(function: Function, twin: FunctionType) -> Function:
    """Return the twin with the function's decorators around it.

    A wrapper made by `functools.wraps` holds what it wraps in a variable of its closure. Its copy
    holds the twin there.
    """
    if not hasattr(function, "__wrapped__"):
        return twin
    wrapped = function.__wrapped__
    inner = _decorated(wrapped, twin)
    cells = getattr(function, "__closure__", None) or ()
    held = [_contents(cell) is wrapped for cell in cells]
    if not isinstance(function, FunctionType) or not any(held):
        return inner
    wrapper = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        tuple(CellType(inner) if it else cell for cell, it in zip(cells, held, strict=True)),
    )
    wrapper.__kwdefaults__ = function.__kwdefaults__
    wrapper.__dict__.update(function.__dict__, __wrapped__=inner)
    return wrapper


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def _snapshot(value: Any) -> Any:
    """Return a value as it is now: arrays, and tuples, lists and dicts of them, are copied."""
    kind = type(value)
    if kind in (tuple, list):
        return kind(map(_snapshot, value))
    if kind is dict:
        return {key: _snapshot(item) for key, item in value.items()}
    if issubclass(kind, tuple) and hasattr(kind, "_make"):
        return kind._make(map(_snapshot, value))
    # Asked of the type: a module, NumPy itself, has a `shape` and a `copy` too.
    has = partial(hasattr, kind)
    if not has("shape") or not has("dtype") or has("at"):
        return value  # no array, or one of JAX, which nothing can write to
    if has("detach"):  # torch
        return value.detach().clone()
    if has("copy"):
        return value.copy()
    if has("__array_namespace__"):
        return value.__array_namespace__().asarray(value, copy=True)
    return value


_Definition = ast.FunctionDef | ast.AsyncFunctionDef
_Loop = ast.For | ast.AsyncFor | ast.While
_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class _Rewriter:
    """Rewrites one function: its statements, and those of the functions inside it."""

    def __init__(self, function: FunctionType, site: Callable[[Event, Iterable[str]], int]) -> None:
        self._code = function.__code__
        self._globals = function.__globals__
        self._site = site
        self._name = function.__name__
        if self._code.co_name == "<lambda>" or self._code.co_flags & _SUSPENDS:
            raise PairingError(f"{self._name}: no lambda, generator or coroutine can be observed")
        self._lines = statements(function)
        self._rows, _ = inspect.findsource(function)
        self._at = {n: line for line in self._lines for n in range(line.first, line.last + 1)}
        self._placed: set[Statement] = set()

    def rewrite(self, algorithm: str | None) -> tuple[CodeType, set[str]]:
        """Return the code that reports, and every name that the function mentions."""
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
        return next(
            code for code in _codes(compiled) if (code.co_qualname, code.co_firstlineno) == place
        ), names

    def _definition(self, module: ast.Module) -> tuple[ast.stmt, _Definition]:
        """Return the function's definition, and the statement of the module that holds it."""
        place = (self._code.co_name, self._code.co_firstlineno)
        for top in module.body:
            for node in ast.walk(top):
                if isinstance(node, _Definition) and place == (node.name, _start(node)):
                    return top, node
        raise PairingError(f"{self._name}: its source has changed")

    def _function(self, node: _Definition, algorithm: str | None = None) -> None:
        documented = ast.get_docstring(node, clean=False) is not None
        head, body = node.body[:documented], node.body[documented:]
        parts = ast.iter_child_nodes(node.args)
        arguments = [part.arg for part in parts if isinstance(part, ast.arg)]
        text = f"{node.name}({', '.join(arguments)})"
        event = Event((), algorithm, self._name, node.lineno, text, _globals=self._globals)
        number = _call("@enter", ast.Constant(self._site(event, arguments)), _call("@locals"))
        enter = ast.Assign([ast.Name("@call", ast.Store())], number)
        node.body = [*head, ast.copy_location(enter, node), *self._block(body)]

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrite the statements of a function, of a loop, of a branch, …"""
        if not body:
            return []
        header = self._header(body[0])
        if header is not None and self._reports(body, header):
            return self._whole(body, header)
        rewritten: list[ast.stmt] = []
        # Several statements may stand on one row.
        for line, group in itertools.groupby(body, lambda node: self._at.get(node.lineno)):
            nodes = list(group)
            if line is not None and line.refs and self._reports(nodes, line):
                rewritten += self._whole(nodes, line)
            else:
                rewritten += map(self._inside, nodes)
        return rewritten

    def _header(self, first: ast.stmt) -> Statement | None:
        """Return the tagged line above a block if it is no statement of its own: an `else`."""
        line = self._at.get(_start(first), self._lines[0])
        above = self._lines[: self._lines.index(line)][-1:]
        return next((line for line in above if line.refs and line not in self._placed), None)

    def _reports(self, nodes: list[ast.stmt], line: Statement) -> bool:
        """Whether statements report as a whole: no tags stand below their tagged header."""
        self._placed.add(line)
        return not self._tagged(line.last + 1, nodes[-1])

    def _tagged(self, first: int, node: ast.stmt) -> bool:
        assert node.end_lineno is not None, "set by ast.parse"
        return any(line.refs and first <= line.first <= node.end_lineno for line in self._lines)

    def _inside(self, node: ast.stmt) -> ast.stmt:
        if not self._tagged(_start(node), node):
            return node
        if isinstance(node, _Definition):
            outer, self._name = self._name, f"{self._name}.{node.name}"
            self._function(node)
            self._name = outer
            return node
        for owner, name, block in _blocks(node):
            setattr(owner, name, self._block(block))
        return node

    def _whole(self, nodes: list[ast.stmt], line: Statement) -> list[ast.stmt]:
        """Return statements, and the report of what they did."""
        views = dict(self._views(line))
        text = _text(self._rows[line.first - 1 :])
        below = {ref for other in self._lines if other.first > line.last for ref in other.refs}
        event = Event(
            line.refs,
            None,
            self._name,
            line.first,
            text,
            tuple(ref for ref in line.refs if ref in below),
            views,
            _globals=self._globals,
        )
        site = self._site(event, itertools.chain.from_iterable(map(_assigned, nodes)))
        report: list[ast.stmt] = [ast.Expr(_report(site))]
        if views:  # never run: a function sees those of the outer variables that it mentions
            seen: list[ast.stmt] = [ast.Expr(_expression(view)) for view in views.values()]
            report.insert(0, ast.If(ast.Constant(False), seen, []))
        last = nodes[-1]
        return [*_exits(nodes, site), *(ast.copy_location(node, last) for node in report)]

    def _views(self, line: Statement) -> Iterator[tuple[str, str]]:
        for part in line.view.split(";") if line.view is not None else ():
            name, _, view = map(str.strip, part.partition("="))
            try:
                _expression(view)
            except SyntaxError:
                name = ""
            if not name.isidentifier():
                problem = f"{part.strip()} is no view"
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
    # The result comes first: what it assigns is in the variables, too.
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


def _text(rows: list[str]) -> str:
    """Return the statement that rows begin with, or its header, in one row and without comments."""
    comments: dict[int, int] = {}
    for token in tokenize.generate_tokens(iter(rows).__next__):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            comments[row] = column
        if token.type == tokenize.NEWLINE:
            break
    joined = " ".join(part[: comments.get(n)] for n, part in enumerate(rows[:row], 1))
    return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", " ".join(joined.split()))


def _start(node: ast.stmt) -> int:
    """Return a statement's first row, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code in a code, at every depth."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield part
            yield from _codes(part)
