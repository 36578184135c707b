"""Does a function do what the pseudocode says?

>>> from spec.conformance import check
>>> def mine(v, W_e):
...     return W_e[:, v]
>>> print(check(mine, algorithm=1).verdict.value)
agrees

What is named here needs the extra `[check]`, and is imported when it is asked for.
"""

from importlib import import_module
from typing import Any

#: What each name is found in.
_HOMES = {
    "Adapter": "kit.adapter",
    "AdapterError": "kit.adapter",
    "check": "kit.check",
    "conformance": "kit.suite",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("spec"):
            raise
        raise ModuleNotFoundError(
            f"{name} needs {error.name}: pip install 'formal-transformers[check]'",
            name=error.name,
        ) from None
