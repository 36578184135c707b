"""The mistakes that `mistakes.toml` describes."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from spec.library import algorithms

KINDS = ("mistake", "difference")


class CatalogueError(ValueError):
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
        What is otherwise, to follow "Your function computes Algorithm 4 with".
    why
        Why people make it.
    effect
        What it does to a model.
    tell
        How to tell that it has been made.
    edits
        What stands in place of a line, by the line: rows of pseudocode, or nothing.
    equal
        Sizes that must be others for the mistake to have a meaning, and which.
    helpers
        The texts of algorithms that the edits call.
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
    """Return every mistake, by its id and in the order of the file."""
    file = files("spec.mistakes").joinpath("mistakes.toml")
    return MappingProxyType(parse(file.read_text(encoding="utf-8")))


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
    found: dict[str, Mistake] = {}
    for row in table.get("mistake", []):
        one = _mistake(row, table.get("helpers", {}))
        if one.id in found:
            raise CatalogueError(f"mistake {one.id}: there are two")
        found[one.id] = one
    return found


def _mistake(row: dict[str, Any], helpers: Mapping[str, str]) -> Mistake:
    id = row.get("id", "without an id")
    for problem in _problems(row, helpers):
        raise CatalogueError(f"mistake {id}: {problem}")
    row["helpers"] = tuple(helpers[name] for name in row.pop("helpers", ()))
    return Mistake(**row)


def _problems(row: Mapping[str, Any], helpers: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with an entry."""
    known = {one.name for one in fields(Mistake)}
    yield from (f"{key} means nothing" for key in sorted(row.keys() - known))
    yield from (f"it has no {key}" for key in sorted(known - {"equal", "helpers"} - row.keys()))
    if row["kind"] not in KINDS:
        yield f"its kind is none of {', '.join(KINDS)}"
    if row["line"] not in row["edits"]:
        yield f"no edit is of its line {row['line']}"
    yield from (f"there is no line {line}" for line in row["edits"] if line not in _lines())
    yield from (
        f"there is no helper {name}" for name in row.get("helpers", ()) if name not in helpers
    )


@cache
def _lines() -> frozenset[str]:
    return frozenset(
        f"{id}.{line.number}" for id, one in algorithms().items() for line in one.lines
    )
