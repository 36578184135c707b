"""Docstrings, brought into the markup of the pages."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sphinx.application import Sphinx

from algorithms.signatures.declarations import ArrayOf, Declaration, Items, Optional, Record, read
from spec.errata import errata
from spec.library import algorithms

from .domain import ID
from .public import made_of_arrays

_TYPED = re.compile(r"(?P<names>\*{0,2}\w+(?:, \w+)*) : (?P<type>\S.*)")
_ERRATUM = re.compile(r"(?<![\w`])[AE]\d+(?![\w`])")
_ALGORITHM = re.compile(rf"(?<!`)\bAlgorithm ({ID})\b")


def setup(app: Sphinx) -> None:
    """Have docstrings processed before napoleon does it, at priority 500."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _process, priority=400)


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what == "property":
        # Napoleon would take the words before a colon for a type.
        lines[:1] = lines[0].replace(": ", ":\n", 1).split("\n")
    lines[:] = list(marked_up(lines))
    if made_of_arrays(obj):
        lines += ["", *_fields(obj)]


def _fields(parameters: type) -> Iterator[str]:
    """Yield a list of the fields of a NamedTuple, each with the shape in its annotation."""
    declaration = read(parameters)
    assert isinstance(declaration, Record)
    yield ":Fields:"
    for name, field in declaration.fields.items():
        yield f"    * **{name}** ({_described(field)})"


def _described(declaration: Declaration) -> str:
    match declaration:
        case ArrayOf(batch, axes):
            names = [*filter(None, [batch]), *axes]
            shape = ", ".join(names) if len(names) > 1 else f"{names[0]},"
            return f"``{declaration.kind}, ({shape})``"
        case Record(type):
            return f":class:`~algorithms.{type.__name__}`"
        case Items(item, size):
            return f"{size} times {_described(item)}"
        case Optional(value):
            return f"{_described(value)}, or None"
    return ""


def marked_up(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a docstring with plain text made into markup, paragraph by paragraph."""
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        first = paragraph[0]
        if blank or first.startswith(">>>"):
            yield from paragraph
        elif first.startswith("    "):  # a block of code
            yield from ("::", "", *paragraph)
        else:
            yield from map(_linked, paragraph)


def _linked(line: str) -> str:
    """Link algorithms and errata; set a type as code, where `*` in `(*batch, d_x)` is a star."""
    if match := _TYPED.fullmatch(line):
        return f"{match['names']} : ``{match['type']}``"
    line = _ERRATUM.sub(_erratum, line)
    return _ALGORITHM.sub(_algorithm, line)


def _erratum(match: re.Match[str]) -> str:
    return f":erratum:`{match[0]}`" if match[0] in errata() else match[0]


def _algorithm(match: re.Match[str]) -> str:
    return f":alg:`{match[1]}`" if match[1] in algorithms() else match[0]
