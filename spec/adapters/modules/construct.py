"""Makes an object of a class of modules at given sizes, by the names of the class's parameters."""

import functools
import inspect
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

from spec.adapters.match_arguments import argument_named, is_synonym, synonyms
from spec.calling.python_signature import (
    annotations_of,
    is_required,
    is_variadic,
    name_of,
    parameters_of,
)
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Function, Sizes


class UnknownSettingError(AdapterError, AttributeError):
    """A class needs a setting by a name that is not known; a configuration may lack it."""


class Constructed(Protocol):
    """An algorithm that a class of modules can be."""

    @property
    def sizes(self) -> Collection[str]:
        """The names of its sizes."""

    @property
    def optional_sizes(self) -> Iterable[str]:
        """The sizes that a class is given though it does not need them."""


#: The size that takes the place of one that an algorithm does not have.
IN_PLACE = {"d_x": "d_e", "d_z": "d_e", "d_out": "d_e", "L": "L_enc"}


def is_class(function: Function) -> bool:
    """Say whether a function makes modules: a class, or a partial of one."""
    while isinstance(function, functools.partial):
        function = function.func
    return isinstance(function, type)


def makes_modules(function: Function) -> bool:
    """Say whether a function makes modules: a class, a partial of one, or a factory."""
    return is_class(function) or is_factory(function)


def is_factory(function: Function) -> bool:
    """Say whether a function makes modules of given sizes, by the names of its parameters.

    All that it takes are sizes and settings; an algorithm takes arrays.
    """
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    if not inspect.isfunction(inner) or is_variadic(inner):
        return False
    known = [name for names in synonyms()["settings"].values() for name in names]
    parameters = constructor_parameters(function)
    required = [name for name, parameter in parameters.items() if is_required(parameter)]
    return all(
        size_named(name) or is_eps(name) or is_synonym(name, known)
        for name in required or parameters
    )


def construct(
    function: Function, algorithm: Constructed, asked: Sizes, eps: float, mask: str
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
    annotations = annotations_of(getattr(function, "__init__", function))
    arguments: dict[str, Any] = {}
    for name, parameter in parameters.items():
        size = size_named(name, algorithm.optional_sizes)
        if is_eps(name):
            arguments[name] = eps
        elif is_required(parameter) or size:
            arguments[name] = values.value(name, annotations.get(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that warns is not wrong
        try:
            return function(**arguments), values.sizes
        except AdapterError:
            raise
        except Exception as error:  # a class may raise anything
            message = " ".join(f"{type(error).__name__}: {error}".split())
            raise AdapterError(
                f"{values.owner} cannot be made at other sizes: {message}"
            ) from error


def constructor_parameters(function: Function) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class that a partial does not fix."""
    parameters = dict(parameters_of(function))
    fixed: set[str] = set()
    while isinstance(function, functools.partial):
        fixed |= function.keywords.keys()
        function = function.func
    if not parameters and is_class(function):  # the class of Flax's classes hides them
        _, *own = parameters_of(function.__init__).items()
        parameters = dict(own)
    return {name: each for name, each in parameters.items() if name not in fixed}


@dataclass
class _ParameterValues:
    """The values of a class's parameters, or of a configuration's fields, by their names."""

    owner: str
    algorithm: Constructed
    asked: Sizes
    mask: str
    divided: bool = False
    sizes: dict[str, int] = field(default_factory=dict)

    def value(self, name: str, annotation: Any = None) -> Any:
        if (size := size_named(name)) is not None:
            self.sizes[size] = self.size(size)
            return self.sizes[size]
        settings: Mapping[str, Callable[[], Any]] = {
            "configuration": lambda: _Configuration(self, annotation),
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
        raise UnknownSettingError(
            f"{self.owner} needs `{name}`, and no size is known by that name: give an instance, or "
            f"functools.partial({self.owner}, {name}=…)"
        )

    def size(self, size: str) -> int:
        if size not in self.algorithm.sizes:
            size = IN_PLACE.get(size, size)
        if size in ("d_x", "d_z", "d_out") and self.divided:
            return self.asked["H"] * self.asked["d_attn"]
        return self.asked["d_attn" if size == "d_mid" and self.divided else size]


class _Configuration:
    """A configuration object: its attributes are the values of settings, by any known name.

    Where a parameter is annotated with a class, all other attributes are that class's.
    """

    __slots__ = ("_kind", "_values")

    def __init__(self, values: _ParameterValues, kind: Any) -> None:
        values.divided = True
        self._values = values
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if hasattr(self._kind, name) and size_named(name) is None:
            return getattr(self._kind, name)
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
