"""What a reader takes away: an algorithm as LaTeX, Unicode and Python, and how to cite it.

Each text stands in a block of its own. A script shows a button that copies it; without scripts a
reader selects it. The texts are left out of the search index, which has their words already.
"""

import inspect
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

import spec
from spec.language.alg_file import Algorithm, write
from spec.library import algorithms, programs
from spec.pairing import Function, Pairing, implementations
from spec.render.algpseudocode import algpseudocode
from spec.sources import Source, named, sources, the_paper, this_software

from .domain import reference
from .elements import Element, Markup, element
from .tables import Cell, table

UNCOMPARED = "not compared"
SOURCES = Path(spec.__file__).parent / "sources.toml"


def take_away(algorithm: Algorithm, pairing: Pairing | None = None, name: str = "") -> Element:
    """Return the blocks of an algorithm; `name` is that of its function, with the module."""
    blocks = [
        _block("LaTeX", "LaTeX", algpseudocode(programs()[algorithm.id])),
        _block("Unicode", "Unicode", write(algorithm)),
    ]
    if pairing is not None:
        blocks.append(_block("Python", "Python", _python(pairing, name)))
    cited = named_by(pairing.function) if pairing is not None else ()
    blocks.append(_block("How to cite", "BibTeX", bibtex((*cited, the_paper(), this_software()))))
    formats = ", ".join(["LaTeX", "Unicode", *(["Python"] if pairing else []), "how to cite"])
    summary = element("summary", element("b", "Take it away"), " ", formats)
    return element("details", summary, *blocks, classes=["take-away"])


def named_by(function: Function) -> tuple[Source, ...]:
    """Return the works that the docstring of a function names."""
    return named(inspect.getdoc(function) or "")


def bibtex(works: Iterable[Source]) -> str:
    """Write entries one below the other, each once."""
    return "\n".join({work.key: work.bibtex() for work in works}.values())


def _python(pairing: Pairing, name: str) -> str:
    """Write a function as it stands beside the pseudocode, and where it is from."""
    rows = [part.text for row in pairing.rows for part in row.code]
    module, _, function = name.rpartition(".")
    return "\n".join([f"# from {module} import {function}", *rows]) + "\n"


def _block(heading: str, format: str, text: str) -> Markup:
    """Return a text that is copied whole; its button names the format."""
    return Markup(
        html='<div class="taken">'
        f'<p>{heading} <button type="button" aria-live="polite" hidden>Copy {format}</button></p>'
        f"<pre>{escape(text, quote=False)}</pre></div>"
    )


class CitationsDirective(SphinxDirective):
    """`.. citations::` says how to cite this software and the paper.

    With the option `sources` it lists all works that the docstrings of the reference name.
    """

    option_spec: ClassVar[OptionSpec | None] = {"sources": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return entries of BibTeX, below a table of all works if that is asked for."""
        self.env.note_dependency(str(SOURCES))
        if "sources" not in self.options:
            first = bibtex((this_software(), the_paper()))
            return [
                element(
                    "div",
                    _block("How to cite", "BibTeX", first),
                    classes=["take-away"],
                    plain=first,
                )
            ]
        self.env.note_reread()  # docstrings are read from every file of the reference
        entries = bibtex(sources().values())
        summary = element("summary", element("b", "All of them"), " BibTeX")
        return [
            nodes.paragraph("", comparison(sources().values())),
            table(
                self._rows(),
                (5, 10, 5),
                heads=("", "Work", "Algorithms"),
                classes=["listing", "colwidths-given"],
            ),
            element(
                "details",
                summary,
                _block("Every work", "BibTeX", entries),
                classes=["take-away"],
                plain=entries,
            ),
        ]

    def _rows(self) -> Iterator[list[Cell]]:
        """Yield each work by authors and year, with links to the algorithms that name it."""
        functions = implementations(self.config.paired_module)
        works = {id: named_by(functions[id]) for id in algorithms() if id in functions}
        for source in sorted(sources().values(), key=lambda source: source.short):
            links: list[nodes.Node] = []
            for id in (id for id, cited in works.items() if source in cited):
                links += [nodes.Text(", " if links else ""), reference("alg", id, id)]
            yield [source.short, [nodes.emphasis("", source.title), *_compared(source)], links]


def comparison(works: Iterable[Source]) -> str:
    """Say how many of the entries were compared with something public, and what of the others."""
    each = [bool(work.compared) for work in works]
    told = (
        f"Authors, title and year of {sum(each)} of these {len(each)} entries were compared with "
        "the page that stands below the title, which is not always the work itself."
    )
    if all(each):
        return told
    return f"{told} An entry marked “{UNCOMPARED}” is written from memory: look it up."


def _compared(source: Source) -> list[nodes.Node]:
    """Link what an entry was compared with, by its host or, at a host of many, its owner's name."""
    told = nodes.inline("", "", classes=["compared"])
    if source.compared:
        address = urlsplit(source.compared)
        owner = "/".join(address.path.split("/")[1:3])
        host = owner if address.netloc == "github.com" else address.netloc.removeprefix("www.")
        told += [nodes.Text("compared with "), nodes.reference("", host, refuri=source.compared)]
    else:
        told += nodes.strong("", UNCOMPARED)
    return [nodes.Text(" "), told]
