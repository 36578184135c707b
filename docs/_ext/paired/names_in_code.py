"""What the names in code lead to: the card of an algorithm, or an entry of the API reference."""

import inspect
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import CodeType
from typing import Any

from docutils import nodes
from pygments.token import Name, _TokenType
from sphinx import addnodes

from spec.library import algorithms
from spec.pairing import algorithm_of

from .domain import reference

Tokens = Sequence[tuple[_TokenType, str]]


class CodeNames:
    """The names in the code of a function or a class, as its module binds them.

    A name that the code binds itself, such as a parameter, leads nowhere; nor does one that comes
    from another package, whose index no build has.
    """

    def __init__(self, of: Any, module: str) -> None:
        self.of = inspect.unwrap(of)
        self.module = module  # whose public names the API reference lists
        self._scope = vars(sys.modules[self.of.__module__])
        code = getattr(self.of, "__code__", None)
        self._bound = frozenset() if code is None else frozenset(_bound(code))
        self._packages = {name.partition(".")[0] for name in (module, self.of.__module__)}

    def value(self, name: str) -> Any:
        """Return the function or the class that has a name here, None if there is none."""
        value = None if name in self._bound else self._scope.get(name)
        if not (inspect.isfunction(value) or inspect.isclass(value)):
            return None
        return value if value.__module__.partition(".")[0] in self._packages else None

    def link(self, name: str) -> nodes.Node | None:
        """Return a link with the name as its text, None if the name leads nowhere."""
        value = self.value(name)
        id = algorithm_of(value)
        if value is None or (id is not None and inspect.unwrap(value) is self.of):
            return None
        if id is not None and id in algorithms():
            return reference("alg", id, name)
        return api_link(documented_name(value, self.module), name)


def documented_name(value: Any, module: str) -> str:
    """Return the full name of a function or a class: in `module` if it is public there."""
    name = str(value.__name__)
    public = import_module(module)
    is_public = name in getattr(public, "__all__", ()) and getattr(public, name) is value
    return f"{module if is_public else value.__module__}.{name}"


def api_link(target: str, content: str | nodes.Node) -> addnodes.pending_xref:
    """Return a link to an entry of the API reference, by Sphinx's own index of Python's objects."""
    return addnodes.pending_xref(
        "",
        nodes.inline("", content) if isinstance(content, str) else nodes.inline("", "", content),
        refdomain="py",
        reftype="obj",
        reftarget=target,
        refwarn=True,
    )


def names(tokens: Tokens) -> Iterator[tuple[int, str]]:
    """Yield the place and the text of each name of a row: no attribute, and no keyword argument."""
    for place, (kind, text) in enumerate(tokens):
        before = tokens[place - 1][1] if place else ""
        after = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if _is_name(kind) and before != "." and after != "=":
            yield place, text


def _is_name(kind: _TokenType) -> bool:
    return kind[:1] == Name[:1]


def _bound(code: CodeType) -> Iterator[str]:
    """Yield the parameters and variables of a function, and of those that it defines."""
    yield from code.co_varnames + code.co_cellvars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _bound(constant)
