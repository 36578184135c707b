"""Every algorithm of the specification, found by walking this package's folder."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from spec.language.alg_file import Algorithm, read
from spec.language.checked import Checked, check, declarations
from spec.language.parse import program
from spec.language.tree import Program
from spec.spelling import did_you_mean, question, spelled
from spec.usage_error import UsageError

#: What the example of an algorithm may hold.
EXAMPLE_KEYS = ("sizes", "seed", "turns", "values", "picture", "survivor")


class LibraryError(UsageError):
    """Two texts of one id, a name of no algorithm, or an example that cannot be read."""


@cache
def algorithms() -> Mapping[str, Algorithm]:
    """Return every algorithm of the specification, by id.

    The paper's come first, by number; then ours, by letter and number; ∇ comes last.
    """
    return MappingProxyType(collect(files("spec")))


def paper() -> tuple[str, ...]:
    """Return the ids of the paper's algorithms, whose texts lie in `spec/paper`."""
    return tuple(id for id, text in algorithms().items() if text.path.startswith("paper/"))


def id_of(name: int | str) -> str:
    """Return the id of an algorithm by its id or its name, in any case.

    The last words of a name are enough where no other name ends with them, as those of "Basic
    single-query attention" are.

    The name of a pullback is also that of its function in Python, and ∇ is also "grad".

    >>> id_of(4), id_of("LayerNorm"), id_of("single_query_attention")
    ('4', '6', '3')
    >>> id_of("grad4"), id_of("∇attention"), id_of("Attention_pullback")
    ('∇4', '∇4', '∇4')

    Raises
    ------
    LibraryError
        If it is the name of no algorithm, or of several.
    """
    asked, texts = str(name).strip(), algorithms()
    number = re.sub(r"^grad *", "∇", asked.casefold())
    letters = re.sub(r"^(.+)pullback$", r"grad\1", spelled(asked))
    ways: tuple[Callable[[str], bool], ...] = (
        lambda one: one.casefold() == number,
        lambda one: spelled(texts[one].title) == letters,
        lambda one: letters in _endings(texts[one].title),
    )
    for is_meant in ways:
        meant = [id for id in texts if is_meant(id)]
        if len(meant) == 1:
            return meant[0]
    several = question([titled(id) for id in meant])
    near = several or did_you_mean(asked, {texts[id].title: titled(id) for id in texts})
    raise LibraryError(f"there is no Algorithm {asked}; {near or 'there are ' + ', '.join(texts)}")


def titled(id: str) -> str:
    """Return the title of an algorithm, with its id: `layer_norm (6)`."""
    return f"{algorithms()[id].title} ({id})"


@cache
def programs() -> Mapping[str, Program]:
    """Return every algorithm as a tree, by id."""
    return MappingProxyType({id: program(layout) for id, layout in algorithms().items()})


@cache
def checked() -> Mapping[str, Checked]:
    """Return every algorithm with what is known of it without running it, by id."""
    headers = declarations(programs())
    return MappingProxyType({id: check(tree, headers) for id, tree in programs().items()})


@cache
def example(id: str) -> Mapping[str, Any]:
    """Return the example of an algorithm, nothing if it has none.

    It lies beside the text, `N1-rms-norm.toml` beside `N1-rms-norm.alg`, and holds some of
    `EXAMPLE_KEYS`.

    Raises
    ------
    LibraryError
        If there is no such algorithm, or the example cannot be read.
    """
    return MappingProxyType(read_example(files("spec"), algorithms()[id_of(id)]))


def collect(folder: Traversable) -> dict[str, Algorithm]:
    """Read every `.alg` file of a folder and the folders in it.

    Raises
    ------
    LibraryError
        If two files carry one id, or an example lies beside no text.
    """
    texts: dict[str, Algorithm] = {}
    for path, text in _texts(folder, ""):
        algorithm = read(text, path)
        if (twin := texts.get(algorithm.id)) is not None:
            paths = " and ".join(sorted((twin.path, path)))
            raise LibraryError(f"{paths} both hold an Algorithm {algorithm.id}")
        texts[algorithm.id] = algorithm
    return {id: texts[id] for id in sorted(texts, key=_order)}


def read_example(folder: Traversable, algorithm: Algorithm) -> dict[str, Any]:
    """Read the example that lies beside the text of an algorithm in a folder, if one does.

    Raises
    ------
    LibraryError
        If it is not TOML, or holds a key that no example has.
    """
    path = algorithm.path.removesuffix(".alg") + ".toml"
    file = folder.joinpath(path)
    if not file.is_file():
        return {}
    try:
        rows = tomllib.loads(unicodedata.normalize("NFC", file.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(f"{path}: {error}") from None
    if unknown := [key for key in rows if key not in EXAMPLE_KEYS]:
        known = ", ".join(EXAMPLE_KEYS)
        raise LibraryError(f"{path}: an example has no key {unknown[0]}; there are {known}")
    return rows


def _texts(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path below the first folder, and the text, of each `.alg` file."""
    names = [entry.name for entry in folder.iterdir()]
    texts = [name for name in names if name.endswith(".alg")]
    for name in names:
        beside = name.removesuffix(".toml") + ".alg"
        if texts and name.endswith(".toml") and beside not in texts:
            raise LibraryError(f"{path}{name} is the example of no text; {path}{beside} is missing")
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{path}{entry.name}/")
        elif entry.name in texts:
            yield path + entry.name, entry.read_text(encoding="utf-8")


def _endings(title: str) -> set[str]:
    """Return how a title is spelled from each of its words on; a ∇ stands before any of them."""
    nabla, words = "∇" * title.startswith("∇"), re.findall(r"[^\W_]+", title)
    return {spelled(nabla + "".join(words[first:])) for first in range(len(words))}


def _order(id: str) -> tuple[str, int]:
    """Order ids by what stands before their number: nothing, then a letter, then ∇."""
    number = re.search(r"\d+", id)
    assert number is not None, "the reader lets no id pass without a number"
    return id[: number.start()], int(number[0])
