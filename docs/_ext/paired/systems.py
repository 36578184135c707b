"""Which system is which algorithm: the rows of `docs/systems.toml`, with figures of `_data`."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from .domain import reference
from .measured import DATA
from .notation import prose
from .tables import Cell, table

FILE = Path(__file__).parents[2] / "systems.toml"
HEADS = ("System", "Algorithm", "Compared with", "Largest difference", "Page")
NOT_COMPARED = "not compared"


class System(NamedTuple):
    """A row: a system, its algorithms, and what holds them to what others compute."""

    name: str
    algorithms: Sequence[str]
    page: str
    note: str = ""
    against: str = ""
    parity: Sequence[str] = ()  # names in parity.json, each with all that stands after a comma
    via: str = ""  # the algorithm that parity is about, if it is none of the row's
    adapter: str = ""
    sampler: str = ""
    counted: Sequence[str] = ()
    example: Sequence[str] = ()
    test: str = ""
    figures: Sequence[str] = ()  # the architectures that carry its name where they are drawn


class SystemsDirective(SphinxDirective):
    """`.. systems::` sets the table of all systems."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(FILE))
        for path in DATA.rglob("*.json"):
            self.env.note_dependency(str(path))
        rows = [
            (_name(one), _algorithms(one), compared_with(one), difference(one), _page(one.page))
            for one in systems(FILE.read_text("utf-8"))
        ]
        return [table(rows, [4, 2, 4, 2, 2], heads=HEADS, classes=["measured", "systems"])]


def systems(text: str) -> list[System]:
    """Read the rows of the file; a key that no row may have is an error."""
    return [System(**row) for row in tomllib.loads(text)["system"]]


def drawn_as(id: str) -> str:
    """Return the names of the systems that the figure of an architecture shows."""
    return "; ".join(one.name for one in systems(FILE.read_text("utf-8")) if id in one.figures)


def compared_with(system: System) -> str:
    """Say what others compute that a system's algorithms are held to."""
    others = (*system.parity, system.adapter, system.sampler, system.against)
    return ", ".join(filter(None, others)) or NOT_COMPARED


def difference(system: System) -> Cell:
    """Say how far apart they are: from a figure, from a count, or which test holds it."""
    if system.test:
        return [nodes.Text("held by "), nodes.literal("", Path(system.test).name)]
    figure = "".join(_figures(system))
    return figure or "–"


def _figures(system: System) -> Iterator[str]:
    if system.parity:
        yield f"{max(one['distance'] for one in comparisons(system)):.0e}"
    if system.adapter:
        (one,) = (
            one
            for one in _read("adapters")
            if one["name"] == system.adapter and one["algorithm"] in system.algorithms
        )
        yield one["float64"]["verdict"]
    if system.sampler:
        (one,) = (one for one in _read("samplers")["weights"] if one["theirs"] == system.sampler)
        yield f"{one['distance']:.0e}"
    if system.counted:
        drawn, alike = system.counted
        found = _read("samplers")[drawn]
        yield f"{found[alike]} of {found['drawn']} the same"
    if system.example:
        example, figure = system.example
        yield f"{_read(f'examples/{example}')['figures'][figure]:.4f}"


def comparisons(system: System) -> list[Mapping[str, Any]]:
    """Return the comparisons of `parity.json` that a row names, of its own algorithms.

    Raises
    ------
    LookupError
        If there is none of a name.
    """
    about = {system.via} if system.via else {*system.algorithms}
    found = []
    for name in system.parity:
        of_name = [
            one
            for one in _read("parity")
            if one["algorithm"] in about
            and (one["theirs"] == name or one["theirs"].startswith(f"{name},"))
        ]
        if not of_name:
            raise LookupError(f"{system.name}: parity.json has no {name} of {', '.join(about)}")
        found += of_name
    return found


def _name(system: System) -> Sequence[nodes.Node]:
    note = [nodes.Text(": "), *prose(system.note)] if system.note else []
    return [nodes.strong("", system.name), *note]


def _algorithms(system: System) -> Sequence[nodes.Node]:
    parts: list[nodes.Node] = []
    for id in system.algorithms:
        parts += [nodes.Text(", ")] if parts else []
        parts += [reference("alg", id, id)]
    return parts


def _page(name: str) -> nodes.Node:
    return addnodes.pending_xref(
        "",
        nodes.inline("", name),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{name}",
        refexplicit=False,
        refwarn=True,
    )


def _read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))
