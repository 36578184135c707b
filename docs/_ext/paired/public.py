"""The API reference of a module, from its public names."""

from collections.abc import Iterator
from importlib import import_module
from inspect import isclass
from types import ModuleType
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

from spec.library import algorithms
from spec.pairing import algorithm_of

KINDS = ("algorithm", "function", "parameters", "class", "error", "departures")


class PublicDirective(SphinxDirective):
    """`.. public:: algorithms` documents what is in the `__all__` of a module.

    With `:kinds: function class` only the names of these kinds. A module, or a constant such as
    `__version__`, is of no kind: it has no entry.
    """

    required_arguments = 1
    option_spec: ClassVar[OptionSpec | None] = {"kinds": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the entries: algorithms in the order of their ids, then names as imported."""
        module = import_module(self.arguments[0])
        self.env.note_dependency(str(module.__file__))
        kinds = self.options.get("kinds", " ".join(KINDS)).split()
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise self.error(f"there are no public names of the kind {unknown[0]}")
        entries = [
            row for kind, name in public(module) if kind in kinds for row in _entry(kind, name)
        ]
        return self.parse_text_to_nodes("\n".join(entries))


def public(module: ModuleType) -> list[tuple[str, str]]:
    """Return the kind and the full name of each public name that is of some kind."""
    values = {name: getattr(module, name) for name in module.__all__}
    imported = {name: place for place, name in enumerate(vars(module))}
    places: dict[str | None, int] = {id: place for place, id in enumerate(algorithms())}

    def place(name: str) -> tuple[int, int]:
        return places.get(algorithm_of(values[name]), len(places)), imported.get(name, 0)

    return [
        (kind, f"{module.__name__}.{name}")
        for name in sorted(values, key=place)
        if (kind := kind_of(values[name])) is not None
    ]


def kind_of(value: Any) -> str | None:
    """Return the kind of a public value, one of `KINDS`; None for a module or a constant."""
    if algorithm_of(value) is not None:
        return "algorithm"
    if isclass(value):
        if issubclass(value, BaseException):
            return "error"
        return "parameters" if made_of_arrays(value) else "class"
    if isinstance(value, tuple) and all(hasattr(part, "off") for part in value):
        return "departures"
    return "function" if callable(value) else None


def made_of_arrays(value: Any) -> bool:
    """Say whether a class is a NamedTuple with a type of arrays: `DTransformerParameters`, say."""
    return hasattr(value, "_fields") and hasattr(value, "__parameters__")


def _entry(kind: str, name: str) -> Iterator[str]:
    match kind:
        case "departures":
            constant = name.rpartition(".")[2]
            yield from (f".. _{constant.lower()}:", "", f".. rubric:: ``{constant}``", "")
            yield f".. departures:: {name}"
        case "error":
            yield f".. autoexception:: {name}"
        case "parameters":
            yield f".. autoclass:: {name}"
        case "class":
            yield from (f".. autoclass:: {name}", "   :members:")
        case _:
            yield f".. autofunction:: {name}"
    yield ""
