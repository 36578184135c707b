"""Which of several results is compared: the first of a tuple, or what is called logits."""

from collections.abc import Mapping
from typing import Any

from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Arguments
from spec.inputs.draw import per_token
from spec.language.polynomials import ONE
from spec.language.types import Matrix

#: What the result that is compared is called among several, if nobody says which it is.
NAMES = ("logits", "last_hidden_state")


def chosen_result(value: Any, output: str | int | None, arguments: Arguments) -> Any:
    """Return the result that is compared, where a function may return several.

    Parameters
    ----------
    value
        All that the function returns.
    output
        The name or the place of the result; None: what is called `logits` or `last_hidden_state`,
        or else the first of a tuple or a list of matrices, or the only entry of a dict; all that
        the function returns, if the algorithm itself has several results.
    arguments
        The arguments of the call.

    Raises
    ------
    AdapterError
        If there is no result by that name, or at that place.
    """
    if output is not None:
        return _named(value, output)
    _, type = arguments.header.output
    if not isinstance(type, Matrix) or len(arguments.header.outputs) > 1:
        return value
    for name in NAMES:
        if isinstance(value, Mapping) and name in value:
            return value[name]
        if hasattr(value, name):
            return getattr(value, name)
    if isinstance(value, Mapping) and len(value) == 1:
        return next(iter(value.values()))
    axes = 1 if type.columns == ONE and not per_token(arguments.header) else 2
    several = isinstance(value, tuple | list) and value
    return value[0] if several and getattr(value[0], "ndim", 0) >= axes else value


def _named(value: Any, output: str | int) -> Any:
    """Return the result with a name, or at a place, among several."""
    if isinstance(output, str) and hasattr(value, output):
        return getattr(value, output)
    try:
        return value[output]
    except (TypeError, LookupError):
        names = ", ".join(map(str, value)) if isinstance(value, Mapping) else type(value).__name__
        raise AdapterError(f"the result has no {output!r}; it is {names}") from None
