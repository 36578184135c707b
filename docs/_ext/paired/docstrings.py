"""Docstrings, brought into the markup of the pages."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sphinx.application import Sphinx

import algorithms as reference
from spec.errata import errata
from spec.language.alg_file import ID
from spec.library import algorithms

from .public import public

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
        return f"{match['names']} : {_type(match['type'])}"
    line = _ERRATUM.sub(_erratum, line)
    return _ALGORITHM.sub(_algorithm, line)


def _type(words: str) -> str:
    """Link classes of parameters; set any other type as code."""
    names = [name for kind, name in public(reference) if kind == "parameters"]
    classes = "|".join(name.rpartition(".")[2] for name in names)
    linked, links = re.subn(rf"\b(?:{classes})\b", r":class:`~algorithms.\g<0>`", words)
    return linked if links else f"``{words}``"


def _erratum(match: re.Match[str]) -> str:
    return f":erratum:`{match[0]}`" if match[0] in errata() else match[0]


def _algorithm(match: re.Match[str]) -> str:
    return f":alg:`{match[1]}`" if match[1] in algorithms() else match[0]
