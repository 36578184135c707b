"""The parameters of an object made of modules: found by their paths, and set."""

from collections.abc import Iterator, Mapping
from inspect import ismodule, isroutine
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


def buffers(module: Any) -> list[ParameterPlace]:
    """Return the places of a module of torch's buffers of real numbers, which it does not learn."""
    held = list(_buffers(module))
    return [ParameterPlace(each.path, tuple(each.array.shape), "buffer") for each in held]


def attributes(module: Any) -> Iterator[tuple[str, Any]]:
    """Yield the numbers that an object holds at every depth, with the name of each."""
    yield from _numbers(module, set())


def set_parameters(module: Any, arrays: Mapping[str, Any]) -> None:
    """Set parameters, by their paths, to arrays of the library."""
    for path, owner, name, array in [*_arrays(module), *_buffers(module)]:
        if path not in arrays:
            continue
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


def _buffers(module: Any) -> Iterator[HeldArray]:
    for path, array in getattr(module, "named_buffers", lambda: ())():
        if array.is_floating_point():
            owner, _, name = path.rpartition(".")
            yield HeldArray(path, module.get_submodule(owner), name, array)


def _numbers(owner: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(owner) in seen or hasattr(owner, "dtype"):
        return
    seen.add(id(owner))
    for name, value in _parts(owner):
        if type(value) in (int, float):
            yield name, value
        else:
            yield from _numbers(value, seen)


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
    elif hasattr(owner, "__dict__") and not any(
        (isinstance(owner, type), isroutine(owner), ismodule(owner))
    ):
        yield from vars(owner).items()
