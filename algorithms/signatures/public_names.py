"""Names that a decorator makes public, imported when used."""

from __future__ import annotations

import os
import re
from importlib import import_module
from typing import Any

# From the decorator to the first row that begins a definition. A
# newline is found faster than `^`.
_DECORATED = re.compile(
    r"\n@(?:algorithm|checked|document_fields)\b.*\n"
    r"(?:(?!def |class ).*\n)*"
    r"(?:def|class) (\w+)"
)


def public_names(package: str, folder: str) -> dict[str, str]:
    """Each public name of a package, with its module.

    A function is public by `@algorithm` or `@checked`, a class by
    `@document_fields`. They are read from the text: to import every
    module would slow down `import algorithms` for all who want none
    of them.
    """
    modules: dict[str, str] = {}
    # pathlib would take a tenth of the whole import.
    files = sorted(os.listdir(folder))  # noqa: PTH208
    for file in (name for name in files if name.endswith(".py")):
        path = f"{folder}/{file}"
        with open(path, encoding="utf-8") as source:  # noqa: PTH123
            names = _DECORATED.findall("\n" + source.read())
        for name in names:
            if name in modules or f"{name}.py" in files:
                raise ImportError(
                    f"{file}: {package} has another {name}"
                )
            module = file.removesuffix(".py")
            modules[name] = f"{package}.{module}"
    return modules


def other_than(names: list[str], taken: list[str]) -> list[str]:
    """The names, or an ImportError if one of them is taken."""
    if both := {*names} & {*taken}:
        raise ImportError(
            "two public names of algorithms are "
            f"{' and '.join(sorted(both))}"
        )
    return names


def import_name(
    package: str, modules: dict[str, str], name: str
) -> Any:
    """What a public name stands for: a package's `__getattr__`."""
    if name in modules:
        return getattr(import_module(modules[name]), name)
    raise AttributeError(
        f"module {package!r} has no attribute {name!r}"
    )
