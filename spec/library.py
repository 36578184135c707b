"""Every algorithm of the specification, found by walking this package's folder."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from spec.language.alg_file import Algorithm, read
from spec.language.checked import Checked, check, declarations
from spec.language.parse import program
from spec.language.tree import Program


class LibraryError(ValueError):
    """Two texts that carry one id."""


def algorithms() -> dict[str, Algorithm]:
    """Read every algorithm of the specification.

    Returns
    -------
    dict
        The algorithms by id: the paper's first, in its order, then those of ours.
    """
    return collect(files("spec"))


@cache
def programs() -> Mapping[str, Program]:
    """Return every algorithm as a tree, by id."""
    return MappingProxyType({id: program(layout) for id, layout in algorithms().items()})


@cache
def checked() -> Mapping[str, Checked]:
    """Return every algorithm with what is known of it without running it, by id."""
    headers = declarations(programs())
    return MappingProxyType({id: check(one, headers) for id, one in programs().items()})


@cache
def example(id: str) -> Mapping[str, Any]:
    """Return the example that lies beside an algorithm's text, `04-attention.toml`; or nothing."""
    file = files("spec").joinpath(algorithms()[id].path.removesuffix(".alg") + ".toml")
    if not file.is_file():
        return MappingProxyType({})
    text = unicodedata.normalize("NFC", file.read_text(encoding="utf-8"))
    return MappingProxyType(tomllib.loads(text))


def collect(folder: Traversable) -> dict[str, Algorithm]:
    """Read every `.alg` file of a folder and the folders in it.

    Raises
    ------
    LibraryError
        If two files carry one id.
    """
    found: dict[str, Algorithm] = {}
    for path, text in _texts(folder, ""):
        algorithm = read(text, path)
        if (twin := found.get(algorithm.id)) is not None:
            paths = " and ".join(sorted((twin.path, path)))
            raise LibraryError(f"{paths} both hold an Algorithm {algorithm.id}")
        found[algorithm.id] = algorithm
    return {id: found[id] for id in sorted(found, key=_order)}


def _texts(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path below the first folder, and the text, of each `.alg` file."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".alg"):
            yield path + entry.name, entry.read_text(encoding="utf-8")


def _order(id: str) -> tuple[str, int]:
    """Order ids by what stands before their number: nothing, then a letter, then ∇."""
    number = re.search(r"\d+", id)
    assert number is not None, "the reader lets no id pass without a number"
    return id[: number.start()], int(number[0])
