"""Algorithms of ours, in the same form as the paper's.

A function tagged `@algorithm("N1")` in any module of this folder is
a public name here and of `algorithms`: it is found, not listed.
"""

from typing import Any

from algorithms.signatures.tagged_functions import (
    tagged,
    tagged_function,
)

_modules = tagged(__name__, __path__[0])
__all__ = [*_modules]


def __getattr__(name: str) -> Any:
    return tagged_function(__name__, _modules, name)


def __dir__() -> list[str]:
    own = (name for name in globals() if name.startswith("__"))
    return sorted({*__all__, *own})
