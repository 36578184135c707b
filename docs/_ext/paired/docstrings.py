"""Docstrings, brought into the markup of the pages."""

import re
import sys
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any, get_type_hints

from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

import algorithms as reference
from spec import conformance
from spec.errata import errata
from spec.language.alg_file import ID
from spec.library import algorithms

from .public import public

_TYPED = re.compile(r"(?P<names>\*{0,2}\w+(?:, \w+)*) : (?P<type>\S.*)")
_ERRATUM = re.compile(r"(?<![\w`])[AE]\d+(?![\w`])")
_ALGORITHM = re.compile(rf"(?<!`)\bAlgorithm ({ID})\b")
_OF_CONFORMANCE = re.compile(rf"(?<![`:])`({'|'.join(conformance.__all__)})`(?!`)")
_ENTRY = re.compile(r"\w+")  # of a section, where it has no type


def setup(app: Sphinx) -> None:
    """Have docstrings processed before napoleon does it, at priority 500."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _process, priority=400)
    app.connect("autodoc-process-signature", _with_defaults)


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what == "property":
        # Napoleon would take the words before a colon for a type.
        lines[:1] = lines[0].replace(": ", ":\n", 1).split("\n")
    lines[:] = list(marked_up(list(_with_types(lines, obj))))


def _with_types(lines: list[str], obj: Any) -> Iterator[str]:
    """Yield a docstring of `spec` with the types of its entries; others have shapes instead."""
    ours = str(getattr(obj, "__module__", "")).startswith("spec.")
    types = get_type_hints(obj) if ours and hasattr(obj, "__annotations__") else {}
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        is_entry = _ENTRY.fullmatch(line) and below.startswith("    ")
        yield f"{line} : {_written(types[line])}" if is_entry and line in types else line


def _written(type: Any) -> str:
    """Write a type without the modules of its parts: `'rows' | 'columns' | None`."""
    written = stringify_annotation(type, "smart", short_literals=True)
    return re.sub(r"~?\b(?:\w+\.)+(?=\w)", "", written).replace("[[...]", "[...")


def _with_defaults(
    app: Sphinx,
    what: str,
    name: str,
    obj: Any,
    options: Any,
    signature: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Return a signature with the values of constants, and … for what cannot be written."""
    if not signature:
        return signature, result
    constants = vars(sys.modules[obj.__module__])
    written = re.sub(r"(?<==)[A-Z]{2,}\b", lambda name: repr(constants[name[0]]), signature)
    return re.sub(r"<[^<>]*>", "…", written), result


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
    line = _OF_CONFORMANCE.sub(r":obj:`~spec.conformance.\1`", line)
    line = _ERRATUM.sub(_erratum, line)
    return _ALGORITHM.sub(_algorithm, line)


def _type(words: str) -> str:
    """Link classes of parameters; set any other type as code."""
    linked, links = _classes().subn(r":class:`~algorithms.\g<0>`", words)
    return linked if links else f"``{words}``"


@cache
def _classes() -> re.Pattern[str]:
    names = [name for kind, name in public(reference) if kind == "parameters"]
    return re.compile(rf"\b(?:{'|'.join(name.rpartition('.')[2] for name in names)})\b")


def _erratum(match: re.Match[str]) -> str:
    return f":erratum:`{match[0]}`" if match[0] in errata() else match[0]


def _algorithm(match: re.Match[str]) -> str:
    return f":alg:`{match[1]}`" if match[1] in algorithms() else match[0]
