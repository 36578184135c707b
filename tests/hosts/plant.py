"""Mistakes planted into the hosts: `plants_rows_torch.toml` and `plants_columns_numpy.toml`.

Each entry is one mistake of the catalogue as somebody would make it in that code: the mistake's id
and edits of the source, each a text that occurs once and what stands there instead.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from helpers.planting import edited, module

HERE = Path(__file__).parent
HOSTS = ("rows_torch", "columns_numpy")


class Plant(NamedTuple):
    """A mistake in a host, by its id or in words; and what the host is then checked as."""

    host: str
    mistake: str
    algorithm: str
    edits: tuple[tuple[str, str], ...]


@cache
def plants(host: str) -> tuple[Plant, ...]:
    """Every mistake of the catalogue that is planted into a host."""
    return tuple(_read(f"plants_{host}", host))


@cache
def uncatalogued() -> tuple[Plant, ...]:
    """Mistakes that stand in no catalogue."""
    return tuple(_read("uncatalogued"))


def absent(host: str) -> dict[str, str]:
    """The mistakes that cannot be made in a host, each with the reason."""
    return {one["mistake"]: one["why"] for one in _table(f"plants_{host}").get("absent", [])}


def unplanted(host: str) -> set[str]:
    """The entries of which nobody has yet planted a mistake in a host, though it can be made."""
    return set(_table(f"plants_{host}").get("unplanted", []))


def _read(file: str, host: str = "") -> Iterator[Plant]:
    for one in _table(file)["plant"]:
        edits = tuple((right, wrong) for right, wrong in one["edits"])
        yield Plant(one.get("host", host), one["mistake"], one["algorithm"], edits)


def _table(file: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{file}.toml").read_text(encoding="utf-8"))


def planted(plant: Plant) -> ModuleType:
    """The host as a module of its own, with a mistake in it."""
    source = (HERE / f"{plant.host}.py").read_text(encoding="utf-8")
    return module(edited(source, *plant.edits), file=f"{plant.host} with {plant.mistake}")
