"""Makes an object of a class of modules, at sizes that are wanted, from its signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from spec.adapters.match_arguments import letters, synonyms
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm
from spec.calling.python_signature import name_of, parameters_of
from spec.inputs.adapter import AdapterError, Function, Sizes


def is_class(function: Function) -> bool:
    """Say whether a function makes modules: a class, or one with some arguments already given."""
    while isinstance(function, functools.partial):
        function = function.func
    return isinstance(function, type)


def made(
    function: Function, algorithm: ModuleAlgorithm, asked: Sizes, eps: float, mask: str
) -> tuple[Any, dict[str, int]]:
    """Return an object of a class, and what sizes it was told.

    Parameters
    ----------
    function
        The class.
    algorithm
        The algorithm that the object should be.
    asked
        The sizes that are wanted; d_x is H d_attn where the class divides it by its heads.
    eps
        The ε of a norm that takes one.
    mask
        Whether it is to be `causal`.

    Raises
    ------
    AdapterError
        If nothing is known by the name of a parameter that must be given.
    """
    told = _Told(name_of(function), algorithm, asked, mask)
    parameters = parameters_to_make(function)
    told.divided = _divides(parameters)
    arguments: dict[str, Any] = {}
    for name, one in parameters.items():
        required = one.default is inspect.Parameter.empty
        meaning = size_meant(name, ("H", "d_attn", "d_mid"))
        if is_eps(name):
            arguments[name] = eps
        elif required or (meaning and algorithm.attends):
            arguments[name] = told.value(name)
    return function(**arguments), told.sizes


def parameters_to_make(function: Function) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class that are not fixed."""
    found = dict(parameters_of(function))
    fixed: set[str] = set()
    while isinstance(function, functools.partial):
        fixed |= function.keywords.keys()
        function = function.func
    if not found:  # the class of Flax's classes hides them
        _, *own = parameters_of(function.__init__).items()
        found = dict(own)
    return {name: one for name, one in found.items() if name not in fixed}


class _Told:
    """What a class is told by the names of its parameters, or of the fields of a configuration."""

    def __init__(self, owner: str, algorithm: ModuleAlgorithm, asked: Sizes, mask: str) -> None:
        self.owner = owner
        self.algorithm = algorithm
        self.asked = asked
        self.mask = mask
        self.divided = False
        self.sizes: dict[str, int] = {}

    def value(self, name: str) -> Any:
        if (size := size_meant(name)) is not None:
            self.sizes[size] = self.size(size)
            return self.sizes[size]
        settings = synonyms()["settings"]
        if letters(name) in _plain(settings["configuration"]):
            return _Configuration(self)
        if letters(name) in _plain(settings["zero"]):
            return 0.0
        if letters(name) in _plain(settings["biases"]):
            return True
        if letters(name) in _plain(settings["causal"]):
            return self.mask == "causal"
        if name == "rngs":
            return import_module("flax.nnx").Rngs(0)
        if name == "key":
            return import_module("jax.random").PRNGKey(0)
        raise AdapterError(
            f"{self.owner} is to be told {name}, which is no known name of a size: give an "
            f"instance, or functools.partial({self.owner}, {name}=…)"
        )

    def size(self, size: str) -> int:
        if size == "d_x" and "d_x" not in self.algorithm.sizes:
            size = "d_e"
        if size in ("d_x", "d_z", "d_out") and self.divided:
            return self.asked["H"] * self.asked["d_attn"]
        return self.asked["d_attn" if size == "d_mid" and self.divided else size]


class _Configuration:
    """An object that has every size, by every name that is known."""

    def __init__(self, told: _Told) -> None:
        told.divided = True
        self._told = told

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._told.value(name)

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)


def is_eps(name: str) -> bool:
    """Say whether a parameter of a class is ε, by its name."""
    return letters(name) in _plain(["eps", *synonyms()["arguments"]["eps"]])


def size_meant(name: str, among: Iterable[str] | None = None) -> str | None:
    """Return the size that a parameter of a class is for, by its name."""
    table: Mapping[str, list[str]] = synonyms()["sizes"]
    for size in among or table:
        if letters(name) in _plain([size, *table[size]]):
            return size
    return None


def _divides(parameters: Mapping[str, inspect.Parameter]) -> bool:
    """Say whether a class has heads whose size it is not told, or need not be."""
    meant = {size_meant(name): one for name, one in parameters.items()}
    head = meant.get("d_attn")
    return "H" in meant and (head is None or head.default is not inspect.Parameter.empty)


def _plain(names: Iterable[str]) -> list[str]:
    return [letters(name) for name in names]
