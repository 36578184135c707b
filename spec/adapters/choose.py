"""The adapter of a function, chosen by what the function is and what is said of it."""

from __future__ import annotations

import inspect
from typing import Any

from spec.adapters.function_in_layout import layout, paper_form
from spec.adapters.libraries.registry import ready
from spec.adapters.modules.adapter import modules
from spec.adapters.modules.construct import is_class
from spec.adapters.modules.read_and_set import places
from spec.inputs.adapter import Adapter, AdapterError, Function


def adapter_for(function: Function, algorithm: int | str, **options: Any) -> Adapter:
    """Return how a function is called.

    The adapter that is known for it, unless there are options; else that of modules for a class or
    an object, that of a layout for a function with options, and the paper's form without.

    Parameters
    ----------
    function
        A function, a class of modules, or an object of one.
    algorithm
        What it is to be.
    options
        Those of `layout`, or of `modules`.

    Raises
    ------
    AdapterError
        If there is no such option, or the adapter does not fit the function.
    """
    if not options and (known := ready(function, algorithm)):
        return known
    if not is_plain(function) and holds_parameters(function):
        options.pop("library", None)  # it is seen from the parameters
        _allowed(options, modules)
        return modules(function, algorithm, **options)
    if not options:
        return paper_form(function)
    _allowed(options, layout)
    if "eps" not in options and "eps" in inspect.signature(function).parameters:
        options["eps"] = None
    return layout(**options)


def is_plain(function: Any) -> bool:
    """Say whether a function is one, and no class or object that holds parameters of its own."""
    while hasattr(function, "func"):
        function = function.func
    return not is_class(function) and (
        inspect.isroutine(function) or hasattr(function, "__wrapped__")
    )


def holds_parameters(function: Any) -> bool:
    """Say whether it is a class, or an object that holds arrays: any other is called as it is."""
    return is_class(function) or bool(places(function))


def _allowed(options: dict[str, Any], adapter: Any) -> None:
    known = [one for one in inspect.signature(adapter).parameters if one in adapter.__kwdefaults__]
    if unknown := [one for one in options if one not in known]:
        raise AdapterError(
            f"{adapter.__name__} has no option {unknown[0]}; there are {', '.join(known)}"
        )
