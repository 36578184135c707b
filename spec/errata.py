"""The departures from the printed paper: misprints (E) and points that it leaves open (A)."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Erratum:
    """A departure; `lines` are the lines (`8.14`) or whole algorithms (`9`) that it concerns."""

    id: str
    where: str
    lines: tuple[str, ...]
    literal: str
    reading: str
    why: str


def errata() -> dict[str, Erratum]:
    """Return every erratum, by its id and in order."""
    return parse(files("spec").joinpath("errata.toml").read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, Erratum]:
    """Read a table of errata."""
    rows = tomllib.loads(text)
    return {id: Erratum(id, **{**row, "lines": tuple(row["lines"])}) for id, row in rows.items()}
