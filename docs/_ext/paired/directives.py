"""The directives for an algorithm, the errata, the symbols, departures and attention maps."""

import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

import spec
from spec import symbols
from spec.errata import errata
from spec.language.alg_file import Algorithm
from spec.library import algorithms
from spec.pairing import Function, Pairing, PairingError, implementations, pair

from . import attention_maps, cost_at_sizes, rungs
from .architectures.data_flow import data_flow, layered
from .architectures.flow_figure import folded_figure
from .card import card, text_card
from .domain import AlgorithmDomain, anchor, reference
from .elements import Element, element
from .names_in_code import api_link, documented_name
from .notation import prose, symbol
from .parameter_records import records
from .stepper.run_files import run_files
from .stepper.steps_below_card import steps_below
from .tables import Cell, table

logger = logging.getLogger(__name__)

SPEC = Path(spec.__file__).parent


class _Directive(SphinxDirective):
    """The part that the directives share: the domain, and the files that a page depends on."""

    @property
    def domain(self) -> AlgorithmDomain:
        domain = self.env.domains[AlgorithmDomain.name]
        assert isinstance(domain, AlgorithmDomain)
        return domain

    def depend(self, *paths: Path | str) -> None:
        """Have Sphinx read the page again when one of these files changes."""
        for path in paths:
            self.env.note_dependency(str(path))


class AlgorithmDirective(_Directive):
    """`.. algorithm:: 4` sets Algorithm 4 beside the function that carries it out.

    With the option `text` it stands alone.
    """

    required_arguments = 1
    option_spec: ClassVar[OptionSpec | None] = {
        "no-index": directives.flag,
        "text": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the card, which links lead to."""
        (id,) = self.arguments
        algorithm = algorithms().get(id)
        if algorithm is None:
            raise self.error(f"the specification has no Algorithm {id}")
        tables = ("errata.toml", "sources.toml", "mistakes/mistakes.toml")
        self.depend(*(SPEC / path for path in (*tables, *cost_at_sizes.files(id))), *rungs.files())
        node = text_card(algorithm) if "text" in self.options else self.pair(algorithm)
        if id in layered():
            # Below the title. What the called algorithms are, it shows too.
            self.depend(*(SPEC / algorithms()[callee].path for callee in data_flow(id).callees))
            node.insert(1, folded_figure(id))
        self.set_source_info(node)
        if "no-index" not in self.options:
            self.domain.note("alg", id, self.env.docname, node)
            for line in algorithm.lines:
                self.domain.note("algline", f"{id}.{line.number}", self.env.docname, node)
        return [node]

    def pair(self, algorithm: Algorithm) -> Element:
        """Return both sides. A line without a tag, or a tag without a line, is a warning."""
        module, id = self.config.paired_module, algorithm.id
        try:
            function = _implementations(module).get(id)
            if function is None:
                raise self.error(f"no public function of {module} carries out Algorithm {id}")
            pairing = pair(algorithm, function, algorithms())
        except PairingError as error:
            raise self.error(str(error)) from error
        file = inspect.getsourcefile(inspect.unwrap(function))
        assert file is not None, "the pairing has read it"
        self.depend(file, *(record.file for record in records(pairing)))
        for problem in _problems(pairing, Path(file).name):
            logger.warning(problem, location=self.get_location(), type="paired", subtype="lines")
        # A card that is shown once more, without being the target of links, stays short.
        below: list[nodes.Node] = []
        if "no-index" not in self.options:
            self.depend(*run_files(id, function, module))
            below = [steps_below(id, function, self.get_location())]
        return card(pairing, f"{module}.{function.__name__}", *below)


class ErrataDirective(_Directive):
    """`.. errata::` lists every departure from the print."""

    def run(self) -> list[nodes.Node]:
        """Return one entry for each, with an anchor."""
        self.depend(SPEC / "errata.toml")
        entries: list[nodes.Node] = []
        for erratum in errata().values():
            lines: list[nodes.Node | str] = []
            for line in erratum.lines:
                role = "algline" if "." in line else "alg"
                lines += [", " if lines else " · ", reference(role, line, line)]
            title = element(
                "p",
                nodes.reference("", erratum.id, refid=anchor("erratum", erratum.id), internal=True),
                " ",
                element("b", *prose(erratum.where)),
                *lines,
                classes=["where"],
            )
            rows = {"Print": erratum.literal, "Here": erratum.reading, "Why": erratum.why}
            entry = element(
                "div",
                title,
                element("dl", *_definitions(rows)),
                classes=["erratum"],
                ids=[anchor("erratum", erratum.id)],
                plain="\n".join(
                    [f"{erratum.id}  {erratum.where}"]
                    + [f"    {name + ':':<7}{text}" for name, text in rows.items()]
                ),
            )
            self.set_source_info(entry)
            self.domain.note("erratum", erratum.id, self.env.docname, entry)
            entries.append(entry)
        return entries


class SymbolsDirective(_Directive):
    """`.. symbols::` lists every symbol with its name in Python and its meaning."""

    def run(self) -> list[nodes.Node]:
        """Return a table for each kind."""
        self.depend(SPEC / "symbols.toml")
        tables: list[nodes.Node] = []
        for kind, group in groupby(symbols.table().values(), key=lambda row: row.kind):
            rows: list[list[Cell]] = [
                [self.symbol(row.glyph), self.python(row.ascii), prose(row.meaning)]
                for row in group
            ]
            tables += [
                nodes.rubric("", kind.capitalize()),
                table(rows, (2, 3, 9), classes=["listing", "colwidths-given"]),
            ]
        return tables

    def symbol(self, glyph: str) -> Element:
        """Return a symbol, to which the names in pseudocode lead."""
        node = symbol(glyph)
        node["ids"].append(anchor("symbol", glyph))
        self.domain.note("symbol", glyph, self.env.docname, self.get_location())
        return node

    def python(self, name: str | None) -> nodes.Node:
        """Return a name in Python, linked if it is that of a function of ours."""
        module = import_module(self.config.paired_module)
        value = getattr(module, name or "", None)
        literal = nodes.literal(name, name) if name else nodes.Text("")
        if not inspect.isfunction(value):
            return literal
        return api_link(documented_name(value, module.__name__), literal)


class DeparturesDirective(_Directive):
    """`.. departures:: package.NAME` lists where a published model departs from the paper."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a row for each departure: its tag, the lines it changes, and how to undo it."""
        module, _, name = self.arguments[0].rpartition(".")
        rows: list[list[Cell]] = []
        for departure in getattr(import_module(module), name):
            lines: list[nodes.Node] = []
            for line in departure.lines:
                role = "algline" if "." in line else "alg"
                lines += [nodes.Text(", " if lines else ""), reference(role, line, line)]
            off = nodes.literal(departure.off, departure.off)
            rows.append([departure.id, lines, prose(departure.what), off])
        heads = ("", "Lines", "What it adds", "Without it")
        return [table(rows, (1, 4, 6, 6), heads=heads, classes=["listing", "colwidths-given"])]


class AttentionMaps(_Directive):
    """`.. attention-maps::` draws the weights of attention, right and with two mistakes."""

    def run(self) -> list[nodes.Node]:
        """Return three maps, each with its caption."""
        maps = attention_maps.maps()
        return [
            element(
                "div",
                *(
                    element(
                        "figure",
                        nodes.raw("", map.svg(), format="html"),
                        element("figcaption", element("b", _title(map)), " ", map.remark),
                    )
                    for map in maps
                ),
                classes=["maps"],
                plain="\n\n".join(map.text() for map in maps),
            )
        ]


@cache
def _implementations(module: str) -> dict[str, Function]:
    return implementations(module)


def _problems(pairing: Pairing, file: str) -> Iterator[str]:
    """Yield a message for each line without code, and for each tag that names no line."""
    algorithm, name = pairing.algorithm, pairing.function.__name__
    for line in pairing.untagged:
        yield (
            f"spec/{algorithm.path}:{line.row}: no statement of {name} ({file}) is tagged "
            f"{algorithm.id}.{line.number}: {line.text}"
        )
    code = [part for row in pairing.rows for part in row.code]
    for ref in pairing.unknown:
        row = next(part.row for part in code if ref in part.refs)
        yield f"{file}:{row}: the tag {ref} of {name} names no line of the specification"


def _title(map: attention_maps.Map) -> nodes.Node | str:
    """Return the title of a map: a link to its mistake, if it is one of the catalogue."""
    return reference("mistake", map.mistake, map.title) if map.mistake else map.title


def _definitions(rows: dict[str, str]) -> Iterator[nodes.Node]:
    for term, text in rows.items():
        yield element("dt", term)
        yield element("dd", *prose(text))
