"""The adapter of a function, chosen by what the function is and which options are given."""

import inspect
from typing import Any

from spec.adapters.function_in_layout import layout, paper_form, takes_eps
from spec.adapters.libraries.known_functions import ready
from spec.adapters.modules.construct import makes_modules
from spec.adapters.modules.module_adapter import modules
from spec.adapters.modules.read_and_set import places
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Function
from spec.library import id_of

#: The options that a ready adapter does not need, since it is made for the function.
SEEN = {"tokens", "batch", "library"}


def adapter_for(function: Function, algorithm: int | str, **options: Any) -> Adapter:
    """Return the adapter of a function, as one algorithm, with options of `layout` or of `modules`.

    A function of a library has its ready adapter, unless an option says what that does not see. A
    class, a factory, or an object that holds arrays, has the adapter of `modules`. A plain function
    has the adapter of `layout` if there are options, and the paper's own form if there are none.

    Raises
    ------
    AdapterError
        If there is no such option, or the adapter does not fit the function.
    """
    algorithm = id_of(algorithm)
    if options.keys() <= SEEN and (known := ready(function, algorithm)):
        return known
    if is_module(function) and options.get("qkv") == "ready":
        if makes_modules(function):
            raise AdapterError(
                f"{name_of(function)} makes modules: check an object, if that takes queries, keys "
                "and values"
            )
    elif is_module(function):
        options.pop("library", None)  # the parameters show which library it is
        _require_options(options, modules)
        return modules(function, algorithm, **options)
    if not options:
        return paper_form(function)
    _require_options(options, layout)
    if "eps" not in options and takes_eps(function):
        options["eps"] = None
    return layout(**options)


def is_module(function: Any) -> bool:
    """Say whether something is a class, or an object that holds arrays of parameters."""
    inner = function
    while hasattr(inner, "func"):
        inner = inner.func
    if makes_modules(inner):
        return True
    plain = inspect.isroutine(inner) or hasattr(inner, "__wrapped__")
    return not plain and bool(places(function))


def _require_options(options: dict[str, Any], adapter: Any) -> None:
    parameters = inspect.signature(adapter).parameters.values()
    known = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
    if unknown := [name for name in options if name not in known]:
        raise AdapterError(
            f"{adapter.__name__} has no option {unknown[0]}; there are {', '.join(known)}"
        )
