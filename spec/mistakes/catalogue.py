"""The mistakes that `mistakes.toml` describes."""

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from spec.library import algorithms
from spec.usage_error import UsageError

KINDS = ("mistake", "difference")


class CatalogueError(UsageError):
    """An entry that is not in the form of the catalogue."""


@dataclass(frozen=True)
class Mistake:
    """One way to get an algorithm wrong, or to depart from it.

    Attributes
    ----------
    id
        Its name: `mask-transposed`.
    line
        Where it is made, `4.5`.
    kind
        A `difference` is a departure of published models that is right in itself.
    what
        What is different, to follow "Your function computes Algorithm 4 with": `no mask`.
    why
        Why people make it, in a sentence or two.
    effect
        What it does to a model.
    tell
        How one can tell that it has been made.
    edits
        The rows of pseudocode that replace a line, by the line; empty where it is left out.
    equal
        The sizes that must equal others for the mistake to make sense: `{"ℓ_x": "ℓ_z"}`.
    helpers
        The texts of further algorithms, which the edits call.
    """

    id: str
    line: str
    kind: Literal["mistake", "difference"]
    what: str
    why: str
    effect: str
    tell: str
    edits: Mapping[str, str]
    equal: Mapping[str, str] = field(default_factory=dict)
    helpers: tuple[str, ...] = ()

    @property
    def algorithm(self) -> str:
        """The algorithm that it is a mistake in."""
        return self.line.partition(".")[0]


@cache
def catalogue() -> Mapping[str, Mistake]:
    """Return every mistake by its id, in the order of the file."""
    file = files("spec.mistakes").joinpath("mistakes.toml")
    return MappingProxyType(parse(file.read_text(encoding="utf-8")))


def by_line() -> Mapping[str, list[Mistake]]:
    """Return the mistakes of each line that has any, by the line, mistakes before differences."""
    known = sorted(catalogue().values(), key=lambda mistake: KINDS.index(mistake.kind))
    grouped = {line: [mistake for mistake in known if mistake.line == line] for line in _lines()}
    return {line: mistakes for line, mistakes in grouped.items() if mistakes}


def parse(text: str) -> dict[str, Mistake]:
    """Read a catalogue.

    Raises
    ------
    CatalogueError
        At the first entry that is not in form: one of an id that there is already, a key that
        means nothing or is missing, a line that no algorithm has.
    """
    table = tomllib.loads(unicodedata.normalize("NFC", text))
    if unknown := sorted(table.keys() - {"mistake", "helpers"}):
        raise CatalogueError(f"mistakes.toml: {unknown[0]} means nothing")
    mistakes: dict[str, Mistake] = {}
    helpers = table.get("helpers", {})
    for entry in table.get("mistake", []):
        for problem in _problems(entry, helpers):
            raise CatalogueError(f"mistake {entry.get('id', 'without an id')}: {problem}")
        used = tuple(helpers[name] for name in entry.get("helpers", ()))
        mistake = Mistake(**{**entry, "helpers": used})
        if mistake.id in mistakes:
            raise CatalogueError(f"mistake {mistake.id}: there are two")
        mistakes[mistake.id] = mistake
    return mistakes


def _problems(entry: Mapping[str, Any], helpers: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with an entry, in a few words each."""
    known = {attribute.name for attribute in fields(Mistake)}
    yield from (f"{key} means nothing" for key in sorted(entry.keys() - known))
    yield from (f"it has no {key}" for key in sorted(known - {"equal", "helpers"} - entry.keys()))
    if entry["kind"] not in KINDS:
        yield f"its kind is not one of {', '.join(KINDS)}"
    if entry["line"] not in entry["edits"]:
        yield f"no edit is of its line {entry['line']}"
    yield from (f"there is no line {line}" for line in entry["edits"] if line not in _lines())
    yield from (
        f"there is no helper {name}" for name in entry.get("helpers", ()) if name not in helpers
    )


@cache
def _lines() -> tuple[str, ...]:
    """Return the number of every line of every algorithm: `4.5`."""
    return tuple(
        f"{id}.{line.number}" for id, algorithm in algorithms().items() for line in algorithm.lines
    )
