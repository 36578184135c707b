"""The mistakes that `mistakes.toml` describes."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Literal

from spec.language import alg_file
from spec.language.alg_file import Algorithm
from spec.library import algorithms
from spec.mistakes.line_pattern import Occurrence, filled, occurrences
from spec.usage_error import UsageError

KINDS = ("mistake", "difference")
ELSEWHERE = ("fails", "varies")
SAID = ("what", "why", "effect", "tell")
NEEDED = ("id", "kind", *SAID, "edits")
OPTIONAL = ("line", "equal", "elsewhere", "helpers", "once", "but")
#: What says where an entry has instances, and is no part of one.
OF_PLACES = ("once", "but")


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
    elsewhere
        What code with the mistake does where these sizes are not equal: it `fails`, by an error
        or with a result of another shape; or what it does `varies` with how it is written.
    helpers
        The texts of further algorithms, which the edits call.
    entry
        The id of the entry of the catalogue that it is an instance of; often its own.
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
    elsewhere: Literal["fails", "varies"] = "fails"
    helpers: tuple[str, ...] = ()
    entry: str = ""

    def __str__(self) -> str:
        return self.id

    @property
    def algorithm(self) -> str:
        """The algorithm that it is a mistake in."""
        return self.line.partition(".")[0]


@cache
def catalogue() -> Mapping[str, Mistake]:
    """Return every mistake by its id, in the order of the file."""
    file = files("spec.mistakes").joinpath("mistakes.toml")
    return MappingProxyType(parse(file.read_text(encoding="utf-8")))


@cache
def by_line() -> Mapping[str, list[Mistake]]:
    """Return the mistakes of each line that has any, by the line, mistakes before differences."""
    grouped: dict[str, list[Mistake]] = {line: [] for line in _lines()}
    for mistake in sorted(catalogue().values(), key=lambda mistake: KINDS.index(mistake.kind)):
        grouped[mistake.line].append(mistake)
    return MappingProxyType({line: mistakes for line, mistakes in grouped.items() if mistakes})


def parse(text: str) -> dict[str, Mistake]:
    """Read a catalogue.

    An entry edits one line or several by their numbers, or any that match its patterns. Of the
    latter there is an instance in each algorithm with such lines; with `once = true` there is one
    for each place. The first instance has the id of the entry, `norms-exchanged-8`, and others
    that of their own algorithm in it, `norms-exchanged-9`. Where an algorithm has several places,
    the line follows: `norm-missing-8-6`. None is in a pullback, whose way forth is that of another
    algorithm, with mistakes of its own, nor where the rows name a parameter that is not there, such
    as W_u in X6, nor in an algorithm that the entry lists as `but`. An entry of an algorithm that
    is not among the texts is left out.

    Raises
    ------
    CatalogueError
        At the first entry that is not in form: one of an id that there is already, a key that
        means nothing or is missing, a line that no algorithm has, patterns that no line matches.
    """
    table = tomllib.loads(unicodedata.normalize("NFC", text))
    if unknown := sorted(table.keys() - {"mistake", "helpers"}):
        raise CatalogueError(f"mistakes.toml: {unknown[0]} means nothing")
    mistakes: dict[str, Mistake] = {}
    helpers = table.get("helpers", {})
    for entry in table.get("mistake", []):
        if entry.get("line", "").partition(".")[0] not in ("", *algorithms()):
            continue
        places = {} if "line" in entry else _all_places(entry)
        for problem in _problems(entry, helpers, places):
            raise CatalogueError(f"mistake {entry.get('id', 'without an id')}: {problem}")
        for mistake in _mistakes(entry, helpers, places):
            if mistake.id in mistakes:
                raise CatalogueError(f"mistake {mistake.id}: there are two")
            mistakes[mistake.id] = mistake
    return mistakes


def _problems(
    entry: Mapping[str, Any],
    helpers: Mapping[str, str],
    places: Mapping[str, Sequence[Occurrence]],
) -> Iterator[str]:
    """Yield what is wrong with an entry, in a few words each."""
    yield from (f"{key} means nothing" for key in sorted(entry.keys() - {*NEEDED, *OPTIONAL}))
    yield from (f"it has no {key}" for key in NEEDED if key not in entry)
    if entry["kind"] not in KINDS:
        yield f"its kind is not one of {', '.join(KINDS)}"
    if entry.get("elsewhere", "fails") not in ELSEWHERE:
        yield f"its elsewhere is not one of {', '.join(ELSEWHERE)}"
    if "line" not in entry:
        if not places:
            yield "no lines match it"
        yield from (f"no lines of {id} match it" for id in {*entry.get("but", ())} - places.keys())
    elif entry["line"] not in entry["edits"]:
        yield f"no edit is of its line {entry['line']}"
    else:
        yield from (f"there is no line {line}" for line in entry["edits"] if line not in _lines())
    yield from (
        f"there is no helper {name}" for name in entry.get("helpers", ()) if name not in helpers
    )


def _mistakes(
    entry: Mapping[str, Any],
    helpers: Mapping[str, str],
    places: Mapping[str, Sequence[Occurrence]],
) -> Iterator[Mistake]:
    """Yield the mistakes that an entry describes."""
    common = {key: value for key, value in entry.items() if key not in OF_PLACES}
    common["helpers"] = tuple(helpers[name] for name in entry.get("helpers", ()))
    common["entry"] = entry["id"]
    if "line" in entry:
        yield Mistake(**common)
        return
    places = {id: found for id, found in places.items() if id not in entry.get("but", ())}
    stem = entry["id"].removesuffix(f"-{next(iter(places)).lower()}")
    for id, found in places.items():
        name = entry["id"] if id == next(iter(places)) else f"{stem}-{id.lower()}"
        together = [[place] for place in found] if entry.get("once") else [found]
        for group in together:
            edits = {f"{id}.{line}": row for place in group for line, row in place.rows.items()}
            line = next(iter(edits))
            said = {key: filled(common[key], group[0].texts) for key in SAID}
            instance = {
                "id": f"{name}-{line.partition('.')[2]}" if len(together) > 1 else name,
                "line": line,
                "edits": edits,
                "equal": _declared(common.get("equal", {}), algorithms()[id]),
            }
            yield Mistake(**common | said | instance)


def _all_places(entry: Mapping[str, Any]) -> dict[str, list[Occurrence]]:
    """Return where lines match the patterns of an entry, by the id of the algorithm."""
    if "edits" not in entry:
        return {}
    found = {id: _matching(entry, algorithm) for id, algorithm in algorithms().items()}
    return {id: places for id, places in found.items() if places}


def _matching(entry: Mapping[str, Any], algorithm: Algorithm) -> list[Occurrence]:
    """Return where an algorithm has lines that match the patterns of an entry."""
    required = algorithm.section("Requires")
    if algorithm.id.startswith("∇") or any(
        f"{size} = " in " ".join(required) for size in entry.get("equal", ())
    ):
        return []
    found = [
        place
        for place in occurrences(entry["edits"], [line.text for line in algorithm.lines])
        if not any(_is_of_results(algorithm, number) for number in place.rows)
    ]
    rows = [row for place in found for row in place.rows.values()]
    return [] if any(_names_others(row, algorithm) for row in rows) else found


def _is_of_results(algorithm: Algorithm, number: int) -> bool:
    """Say whether a line is a loop of which each turn makes one of several results, K̂_l.

    A layer that is left out would leave a result out.
    """
    loop = re.match(r"for (\w) = ", algorithm.lines[number - 1].text)
    if loop is None:
        return False
    body = takewhile(lambda line: not line.ends, algorithm.lines[number:])
    targets = (row.text.partition(" ← ")[0] for row in body)
    made = [name for row in targets for name in re.findall(rf"(\S+)_{loop[1]}\b", row)]
    return any(f"{name}_{{1:" in algorithm.lines[-1].text for name in made)


def _names_others(rows: str, algorithm: Algorithm) -> bool:
    """Say whether rows name a parameter or a size that an algorithm has not, as W_u in X6."""
    own = _written(algorithm.id) + "N_V"  # which all have
    names = re.findall(r"\b[^\W\d]\w*_\w+\b(?!\()", rows)
    return any(name.rstrip("ᵀ") not in own for name in names)


@cache
def _written(id: str) -> str:
    """Return the text of an algorithm."""
    return unicodedata.normalize("NFC", alg_file.write(algorithms()[id]))


def _declarations(algorithm: Algorithm) -> Iterator[str]:
    """Yield the rows above an algorithm's lines, and those of what it takes apart."""
    for section in algorithm.sections:
        yield from section.rows
        for row in section.rows:
            if whole := re.search(r"as in Algorithm (\S+), part by part", row):
                yield from _declarations(algorithms()[whole[1]])


def _declared(equal: Mapping[str, str], algorithm: Algorithm) -> dict[str, str]:
    """Return the equations that are about a size of the algorithm: 10 has no d_f."""
    rows = " ".join(_declarations(algorithm))
    return {size: value for size, value in equal.items() if size in re.findall(r"\w+", rows)}


@cache
def _lines() -> tuple[str, ...]:
    """Return the number of every line of every algorithm: `4.5`."""
    return tuple(
        f"{id}.{line.number}" for id, algorithm in algorithms().items() for line in algorithm.lines
    )
