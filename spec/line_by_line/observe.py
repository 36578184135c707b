"""What a function's variables hold after each of its tagged statements.

A twin of the function is made, in which each tagged statement reports after itself
(`spec.line_by_line.rewrite`). The function itself, its module and the interpreter's tracing are
left alone.
"""

import inspect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from spec.line_by_line.event import NOTHING, Event
from spec.line_by_line.rewrite import rewritten
from spec.pairing import Function, PairingError, algorithm_of


@dataclass(frozen=True, eq=False)
class Observation:
    """The course of one call of a function: its statements, in order, and how it ended.

    `result` is the value that the call returned; `NOTHING` if it raised the exception `error`.
    """

    result: Any
    events: list[Event]
    error: Exception | None = None


def observe(function: Function, /, *args: Any, **kwargs: Any) -> Observation:
    """Call a function, and report what its variables hold after each tagged statement.

    Functions defined inside it are observed too, and so is each function that it calls by a name
    of its module or of an enclosing function, or by an option's default, if it carries out an
    algorithm (`function.algorithm == "4"`). Decorators still work if they are functions made with
    `functools.wraps`; others, such as `jax.jit`, are left out.

    Parameters
    ----------
    function
        A function or a method made by `def`, whose source can be read.

    Returns
    -------
    Observation
        If the function raises, `result` is `NOTHING` and `error` is the exception.

    Raises
    ------
    PairingError
        If a function cannot be observed, or a tag stands where no statement can report.
    """
    observer = _Observer()
    twin = observer.twin(function)
    try:
        result = twin(*args, **kwargs)
    except Exception as error:
        return Observation(NOTHING, list(observer.events), error)
    return Observation(result, list(observer.events))


class _Observer:
    """Makes the twins of functions, and records the events that they report."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._sites: dict[int, tuple[Event, Sequence[str]]] = {}
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

    def enter(self, site: int, scope: Mapping[str, Any]) -> int:
        """Number a call; record it if the function carries out an algorithm."""
        call = next(self._calls)
        if self._sites[site][0].algorithm is not None:
            self.report(NOTHING, site, call, scope)
        return call

    def report(self, result: Any, site: int, call: int, scope: Mapping[str, Any]) -> Any:
        """Record an event; return the result unchanged."""
        event, names = self._sites[site]
        read = scope.keys() if event.views else names
        values = {name: _snapshot(scope[name]) for name in read if name in scope and name[0] != "@"}
        variables = {name: values[name] for name in names if name in values}
        kept = values if event.views else {}
        self.events.append(
            replace(event, call=call, variables=variables, scope=kept, result=_snapshot(result))
        )
        return result

    def _make(self, function: FunctionType, algorithm: str | None) -> None:
        """Make the twin of a function, and of those that it calls."""
        reporting = rewritten(function, algorithm)
        self._sites.update(reporting.sites)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        # A view may mention an enclosing function's variable that the code does not: no cell.
        free = {name: cells.get(name, CellType()) for name in reporting.code.co_freevars}
        called = {name: cell for name, cell in free.items() if self._observes(_contents(cell))}
        free |= {name: CellType() for name in called}
        namespace = self._namespace(function)
        twin = _copy(function, reporting.code, namespace, tuple(free.values()))
        self._twins[function] = twin  # before the twins of those that it calls: they may call it
        for name, cell in called.items():
            free[name].cell_contents = self.twin(_contents(cell))
        options = function.__kwdefaults__ or {}
        twins = {name: self.twin(value) for name, value in options.items() if self._observes(value)}
        twin.__kwdefaults__ = options | twins
        for name in reporting.names & function.__globals__.keys():
            if self._observes(value := function.__globals__[name]):
                namespace[name] = self.twin(value)

    def _observes(self, value: Any) -> bool:
        """Say whether a value that the function calls is a function to be observed, too."""
        if algorithm_of(value) is not None:
            return True
        return inspect.isfunction(value) and inspect.unwrap(value) in self._twins

    def _namespace(self, function: FunctionType) -> dict[str, Any]:
        """Return the twins' copy of the names of a function's module, with those for reports."""
        names = function.__globals__
        if id(names) not in self._namespaces:
            hooks = {
                "@enter": self.enter,
                "@report": self.report,
                "@nothing": NOTHING,
                "@locals": locals,
            }
            self._namespaces[id(names)] = {**names, **hooks}
        return self._namespaces[id(names)]


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
    holds_wrapped = [_contents(cell) is wrapped for cell in cells]
    if not isinstance(function, FunctionType) or not any(holds_wrapped):
        return inner
    closure = (
        CellType(inner) if holds else cell for cell, holds in zip(cells, holds_wrapped, strict=True)
    )
    wrapper = _copy(function, function.__code__, function.__globals__, tuple(closure))
    wrapper.__dict__["__wrapped__"] = inner
    return wrapper


def _copy(
    function: FunctionType, code: CodeType, names: dict[str, Any], closure: tuple[CellType, ...]
) -> FunctionType:
    """Return a function with other code, names or closure, and all else as it is."""
    copy = FunctionType(code, names, function.__name__, function.__defaults__, closure)
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__dict__.update(function.__dict__)
    return copy


def _contents(cell: CellType) -> Any:
    """Return the value of a variable of an enclosing function; None if it has none yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _snapshot(value: Any) -> Any:
    """Return a value as it is now: arrays in it are copied, and tuples, lists and dicts."""
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
        return value  # not an array, or one of JAX, which cannot be written to
    if has("detach"):  # torch
        return value.detach().clone()
    if has("primal"):  # while a gradient is taken
        return _snapshot(value.primal)
    if has("copy"):
        return value.copy()
    if has("__array_namespace__"):
        return value.__array_namespace__().asarray(value, copy=True)
    return value
