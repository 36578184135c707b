"""Which functions and classes of parameters are public, and which calls are checked."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable
from importlib import import_module
from inspect import isfunction, signature
from types import ModuleType
from typing import Any, Generic

import pytest

import algorithms

Function = Callable[..., Any]


def packages(package: ModuleType = algorithms) -> list[ModuleType]:
    """A package and those within it."""
    inside = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [package, *(import_module(module.name) for module in inside if module.ispkg)]


def public() -> list[Any]:
    """What stands in the `__all__` of `algorithms` or of a package within it."""
    named = ((one, name) for one in packages() for name in getattr(one, "__all__", ()))
    found = [getattr(package, name) for package, name in named]
    return list({id(value): value for value in found}.values())


def public_functions() -> list[Function]:
    """Every public function."""
    return [value for value in public() if isfunction(value)]


def parameter_classes() -> list[Any]:
    """Every public NamedTuple that is generic in its arrays."""
    return [c for c in public() if hasattr(c, "_fields") and issubclass(c, Generic)]


def checked_functions() -> list[Function]:
    """Every public function whose calls are checked, and so can be drawn."""
    return [function for function in public_functions() if hasattr(function, "requires")]


def every_function(
    that: Callable[[Function], Any] = lambda _: True,
    sweep: Callable[[Function], bool] = lambda _: False,
) -> pytest.MarkDecorator:
    """Make a claim of every checked function of which it can be made, of some in the sweep."""
    chosen = [
        pytest.param(function, marks=[pytest.mark.sweep] * sweep(function), id=function.__name__)
        for function in checked_functions()
        if that(function)
    ]
    return pytest.mark.parametrize("function", chosen)


def is_a_model_like_another(function: Function) -> bool:
    """Whether it takes a whole model, and not one of the paper's or the first of ours.

    Each of its parts is a function of its own, of which every claim is made.
    """
    takes_a_model = any(
        "Parameters" in str(one.annotation) and re.match("theta|parameters", name)
        for name, one in signature(function).parameters.items()
    )
    is_the_papers = function.__module__.startswith("algorithms.paper.")
    return takes_a_model and not is_the_papers and getattr(function, "algorithm", "") != "X1"


def is_like_another(function: Function) -> bool:
    """Whether it is an architecture, and differs in a mask from one that is in its file, too."""
    id = getattr(function, "algorithm", "")
    kin = [
        other
        for other in checked_functions()
        if other.__module__ == function.__module__ and getattr(other, "algorithm", "")[:1] == "X"
    ]
    return id in [vars(other)["algorithm"] for other in kin[1:]]
