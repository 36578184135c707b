"""The signatures of the tools that check a function, with the types of what they take and return.

The signatures of the algorithms have none on the pages: their docstrings give shapes.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping
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
    constants = vars(sys.modules[function.__module__])
    parameters = ", ".join(_parameters(function, types, constants))
    return f"({parameters})", types["return"]


def written(type: Any) -> str:
    """Write a type with the full names of classes, which Sphinx links and shortens."""
    full = stringify_annotation(type, "fully-qualified-except-typing", short_literals=True)
    return full.replace("collections.abc.", "").replace("[[...]", "[...")


def _parameters(
    function: Any, types: Mapping[str, str], constants: Mapping[str, Any]
) -> Iterator[str]:
    stars = inspect.Parameter.KEYWORD_ONLY
    before = None
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is stars and before is not stars:
            yield "*"
        before = parameter.kind
        if parameter.default is parameter.empty:
            yield f"{name}: {types[name]}"
        else:
            # Autodoc keeps the name of a constant, in place of its value.
            default = repr(parameter.default)
            yield f"{name}: {types[name]} = {constants.get(default, parameter.default)!r}"
