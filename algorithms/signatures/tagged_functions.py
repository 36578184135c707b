"""Functions that are public by their tag, imported when used."""

from __future__ import annotations

import os
import re
from importlib import import_module
from typing import Any

_TAGGED = re.compile(r"(?m)^@algorithm\([^@]*?\)\ndef (\w+)")


def tagged(package: str, folder: str) -> dict[str, str]:
    """The module of each function tagged `@algorithm` in a package.

    It is read from the text: to import every module would slow down
    `import algorithms` for all who want none of them.
    """
    modules: dict[str, str] = {}
    # pathlib would take a tenth of the whole import.
    files = sorted(os.listdir(folder))  # noqa: PTH208
    for file in (name for name in files if name.endswith(".py")):
        path = f"{folder}/{file}"
        with open(path, encoding="utf-8") as source:  # noqa: PTH123
            names = _TAGGED.findall(source.read())
        for name in names:
            if name in modules or f"{name}.py" in files:
                raise ImportError(
                    f"{file}: {package} has another {name}"
                )
            module = file.removesuffix(".py")
            modules[name] = f"{package}.{module}"
    return modules


def other_than(names: list[str], taken: list[str]) -> list[str]:
    """The names, if none of them is taken."""
    if both := {*names} & {*taken}:
        raise ImportError(
            "two functions of algorithms are called "
            f"{' and '.join(sorted(both))}"
        )
    return names


def tagged_function(
    package: str, modules: dict[str, str], name: str
) -> Any:
    """One of them, for a package's `__getattr__`."""
    if name in modules:
        return getattr(import_module(modules[name]), name)
    raise AttributeError(
        f"module {package!r} has no attribute {name!r}"
    )
