"""The parameters of an object made of modules: found by their paths, and set."""

from collections.abc import Iterator, Mapping
from inspect import isroutine
from typing import Any, NamedTuple

from spec.adapters.array_libraries import Library
from spec.adapters.modules.parameter_places import ParameterPlace


class HeldArray(NamedTuple):
    """An array in an object: its path, the part that holds it, the name there, the array."""

    path: str
    owner: Any
    name: str
    array: Any


def library_of(module: Any) -> Library:
    """Return the library of an object's arrays."""
    if hasattr(module, "named_parameters"):
        return "torch"
    for held in _arrays(module):
        name = type(held.array).__module__.partition(".")[0]
        return "jax" if name in ("jax", "jaxlib") else "torch" if name == "torch" else "numpy"
    return "numpy"


def places(module: Any) -> list[ParameterPlace]:
    """Return the places of an object's parameters: its arrays of real numbers, at every depth."""
    return [
        ParameterPlace(held.path, tuple(held.array.shape), type(held.owner).__name__)
        for held in _arrays(module)
    ]


def set_parameters(module: Any, arrays: Mapping[str, Any]) -> None:
    """Set parameters, by their paths, to arrays of the library."""
    for path, owner, name, array in list(_arrays(module)):
        new = arrays[path]
        if hasattr(module, "named_parameters"):
            array.data = new.clone()
        elif isinstance(owner, dict):
            owner[name] = new
        elif isinstance(owner, list):
            owner[int(name)] = new
        elif hasattr(getattr(owner, name), "set_value"):  # a Param of Flax
            getattr(owner, name).set_value(new)
        else:
            object.__setattr__(owner, name, new)  # Equinox's modules are frozen


def _arrays(module: Any) -> Iterator[HeldArray]:
    if hasattr(module, "named_parameters"):  # torch, whose buffers are not parameters
        for path, array in module.named_parameters():
            owner, _, name = path.rpartition(".")
            yield HeldArray(path, module.get_submodule(owner), name, array)
    else:
        yield from _within(module, "", set())


def _within(owner: Any, prefix: str, seen: set[int]) -> Iterator[HeldArray]:
    if id(owner) in seen:
        return
    seen.add(id(owner))
    for name, value in _parts(owner):
        path = f"{prefix}{name}"
        array = value.get_value() if hasattr(value, "set_value") else value
        if hasattr(array, "dtype") and hasattr(array, "shape"):
            if array.shape and "float" in str(array.dtype):
                yield HeldArray(path, owner, name, array)
        else:
            yield from _within(value, f"{path}.", seen)


def _parts(owner: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(owner, dict):
        yield from ((str(name), value) for name, value in owner.items())
    elif isinstance(owner, list | tuple):
        yield from ((str(place), value) for place, value in enumerate(owner))
    elif hasattr(owner, "__dict__") and not isinstance(owner, type) and not isroutine(owner):
        yield from vars(owner).items()
