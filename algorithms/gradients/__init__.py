"""What a loss owes to each array: gradients, by reverse mode.

`value_and_gradient` runs a loss made of the numbered functions, as
they are, and finds its gradient. The pullbacks of single algorithms
are functions of arrays, like the algorithms: tagged
`@algorithm("∇4")`, they are public names, found and not listed.
"""

from typing import TYPE_CHECKING, Any

from algorithms.signatures.public_names import (
    import_name,
    public_names,
)

if TYPE_CHECKING:
    from algorithms.gradients.reverse_sweep import (
        value_and_gradient as value_and_gradient,
    )

_modules = public_names(__name__, __path__[0])
_modules["value_and_gradient"] = f"{__name__}.reverse_sweep"
__all__ = [*_modules]

if not TYPE_CHECKING:  # or any name passes a type checker

    def __getattr__(name: str) -> Any:
        return import_name(__name__, _modules, name)


def __dir__() -> list[str]:
    own = (name for name in globals() if name.startswith("__"))
    return sorted({*__all__, *own})
