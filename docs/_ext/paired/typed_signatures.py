"""The signatures of the tools that check a function, with the types of what they take and return.

The signatures of the algorithms have none on the pages: their docstrings give shapes.
"""

import inspect
from collections.abc import Iterator
from typing import Any, get_type_hints

from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

from spec import conformance


def setup(app: Sphinx) -> None:
    """Have these signatures written first: the first answer is taken."""
    app.connect("autodoc-process-signature", _process, priority=400)


def _process(app: Sphinx, what: str, name: str, obj: Any, *_: Any) -> tuple[str, str] | None:
    is_tool = what == "function" and name.startswith(f"{conformance.__name__}.")
    return typed(obj) if is_tool else None


def typed(function: Any) -> tuple[str, str]:
    """Return the parameters of a function with their types and defaults, and what it returns.

    >>> def halves(x: int, *, parts: tuple[int, ...] | None = None) -> list[float]: ...
    >>> typed(halves)
    ('(x: int, *, parts: tuple[int, ...] | None = None)', 'list[float]')
    """
    types = {name: written(type) for name, type in get_type_hints(function).items()}
    return f"({', '.join(_parameters(function, types))})", types["return"]


def written(type: Any) -> str:
    """Write a type with the full names of classes, which Sphinx links and shortens."""
    return stringify_annotation(type, "fully-qualified-except-typing", short_literals=True)


def _parameters(function: Any, types: dict[str, str]) -> Iterator[str]:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not kind and parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            yield "*"
        kind = parameter.kind
        default = parameter.default
        has_default = default is not inspect.Parameter.empty
        yield f"{parameter.name}: {types[parameter.name]}" + f" = {default!r}" * has_default
