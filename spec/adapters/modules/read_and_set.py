"""The parameters of an object made of modules: found by their paths, and set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spec.adapters.array_libraries import Library
from spec.adapters.modules.parameter_places import ParameterPlace


def library_of(module: Any) -> Library:
    """Return whose arrays an object has."""
    if hasattr(module, "named_parameters"):
        return "torch"
    for _, _, _, array in _arrays(module):
        name = type(array).__module__.partition(".")[0]
        return "jax" if name in ("jax", "jaxlib") else "torch" if name == "torch" else "numpy"
    return "numpy"


def places(module: Any) -> list[ParameterPlace]:
    """Return where the parameters of an object are: its arrays of real numbers, at every depth."""
    return [
        ParameterPlace(path, tuple(array.shape), type(owner).__name__)
        for path, owner, _, array in _arrays(module)
    ]


def put(module: Any, arrays: Mapping[str, Any]) -> None:
    """Set parameters, by their paths, to arrays of the library."""
    for path, owner, step, array in list(_arrays(module)):
        new = arrays[path]
        if hasattr(module, "named_parameters"):
            array.data = new.clone()
        elif isinstance(owner, dict):
            owner[step] = new
        elif isinstance(owner, list):
            owner[int(step)] = new
        elif hasattr(getattr(owner, step), "set_value"):  # a Param of Flax
            getattr(owner, step).set_value(new)
        else:
            object.__setattr__(owner, step, new)  # Equinox's modules are frozen


def _arrays(module: Any) -> Iterator[tuple[str, Any, str, Any]]:
    """Yield each array with its path, with what holds it, and by which name."""
    if hasattr(module, "named_parameters"):  # torch, whose buffers are none
        for path, array in module.named_parameters():
            at, _, name = path.rpartition(".")
            yield path, module.get_submodule(at), name, array
    else:
        yield from _within(module, "", set())


def _within(owner: Any, before: str, seen: set[int]) -> Iterator[tuple[str, Any, str, Any]]:
    if id(owner) in seen:
        return
    seen.add(id(owner))
    for step, value in _parts(owner):
        path = f"{before}{step}"
        array = value.get_value() if hasattr(value, "set_value") else value
        if hasattr(array, "dtype") and hasattr(array, "shape"):
            if array.shape and "float" in str(array.dtype):
                yield path, owner, step, array
        else:
            yield from _within(value, f"{path}.", seen)


def _parts(owner: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(owner, dict):
        yield from ((str(name), value) for name, value in owner.items())
    elif isinstance(owner, list | tuple):
        yield from ((str(at), value) for at, value in enumerate(owner))
    elif hasattr(owner, "__dict__") and not isinstance(owner, type) and not _is_function(owner):
        yield from vars(owner).items()


def _is_function(value: Any) -> bool:
    return type(value).__name__ in ("function", "builtin_function_or_method", "method")
