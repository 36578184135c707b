"""Algorithms of ours, in the same form as the paper's.

In any module of this folder, a function tagged `@algorithm("N1")`
or `@checked` and a class of parameters under `@document_fields` are
public names, here and of `algorithms`: they are found, not listed.
Type checkers, which run nothing, see them in their modules only.
"""

from typing import TYPE_CHECKING, Any

from algorithms.signatures.public_names import (
    import_name,
    public_names,
)

_modules = public_names(__name__, __path__[0])
__all__ = [*_modules]

if not TYPE_CHECKING:  # or any name passes a type checker

    def __getattr__(name: str) -> Any:
        return import_name(__name__, _modules, name)


def __dir__() -> list[str]:
    own = (name for name in globals() if name.startswith("__"))
    return sorted({*__all__, *own})
