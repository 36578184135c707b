"""Makes an object of a class of modules at given sizes, by the names of the class's parameters."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from spec.adapters.match_arguments import argument_named, is_synonym, synonyms
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm
from spec.calling.python_signature import is_required, name_of, parameters_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Function, Sizes


def is_class(function: Function) -> bool:
    """Say whether a function makes modules: a class, or a partial of one."""
    while isinstance(function, functools.partial):
        function = function.func
    return isinstance(function, type)


def construct(
    function: Function, algorithm: ModuleAlgorithm, asked: Sizes, eps: float, mask: str
) -> tuple[Any, dict[str, int]]:
    """Return an object of a class, and the sizes that the class was given.

    These are the sizes asked for, but d_x is H d_attn where the class divides d_x by its heads. A
    norm gets ε, and a class with a setting for causal attention gets it from `mask`.

    Raises
    ------
    AdapterError
        If a required parameter of the class has a name that is not known.
    """
    values = _ParameterValues(name_of(function), algorithm, asked, mask)
    parameters = constructor_parameters(function)
    values.divided = _divides(parameters)
    arguments: dict[str, Any] = {}
    for name, parameter in parameters.items():
        size = size_named(name, ("H", "d_attn", "d_mid"))
        if is_eps(name):
            arguments[name] = eps
        elif is_required(parameter) or (size and algorithm.attends):
            arguments[name] = values.value(name)
    return function(**arguments), values.sizes


def constructor_parameters(function: Function) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class that a partial does not fix."""
    parameters = dict(parameters_of(function))
    fixed: set[str] = set()
    while isinstance(function, functools.partial):
        fixed |= function.keywords.keys()
        function = function.func
    if not parameters:  # the class of Flax's classes hides them
        _, *own = parameters_of(function.__init__).items()
        parameters = dict(own)
    return {name: each for name, each in parameters.items() if name not in fixed}


@dataclass
class _ParameterValues:
    """The values of a class's parameters, or of a configuration's fields, by their names."""

    owner: str
    algorithm: ModuleAlgorithm
    asked: Sizes
    mask: str
    divided: bool = False
    sizes: dict[str, int] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        if (size := size_named(name)) is not None:
            self.sizes[size] = self.size(size)
            return self.sizes[size]
        settings: Mapping[str, Callable[[], Any]] = {
            "configuration": lambda: _Configuration(self),
            "zero": lambda: 0.0,
            "biases": lambda: True,
            "causal": lambda: self.mask == "causal",
        }
        for setting, value in settings.items():
            if is_synonym(name, synonyms()["settings"][setting]):
                return value()
        if name == "rngs":
            return import_module("flax.nnx").Rngs(0)
        if name == "key":
            return import_module("jax.random").PRNGKey(0)
        raise AdapterError(
            f"{self.owner} needs `{name}`, and no size is known by that name: give an instance, or "
            f"functools.partial({self.owner}, {name}=…)"
        )

    def size(self, size: str) -> int:
        if size == "d_x" and "d_x" not in self.algorithm.sizes:
            size = "d_e"
        if size in ("d_x", "d_z", "d_out") and self.divided:
            return self.asked["H"] * self.asked["d_attn"]
        return self.asked["d_attn" if size == "d_mid" and self.divided else size]


class _Configuration:
    """A configuration object: its attributes are the values of settings, by any known name."""

    def __init__(self, values: _ParameterValues) -> None:
        values.divided = True
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._values.value(name)

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)


def is_eps(name: str) -> bool:
    """Say whether a parameter of a class is ε, by its name."""
    return argument_named(name, ["eps"]) is not None


def size_named(name: str, among: Iterable[str] | None = None) -> str | None:
    """Return the size that a parameter of a class is, by its name: `d_x` for `embed_dim`."""
    table: Mapping[str, list[str]] = synonyms()["sizes"]
    sizes = (size for size in among or table if is_synonym(name, [size, *table[size]]))
    return next(sizes, None)


def _divides(parameters: Mapping[str, inspect.Parameter]) -> bool:
    """Say whether a class has heads, and does not require their size: d_x is divided by H."""
    sizes = {size_named(name): parameter for name, parameter in parameters.items()}
    head = sizes.get("d_attn")
    return "H" in sizes and (head is None or not is_required(head))
