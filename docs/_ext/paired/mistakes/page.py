"""The page of the mistakes at one line."""

from collections.abc import Iterator, Sequence
from functools import cache
from inspect import unwrap
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

from paired.domain import AlgorithmDomain, anchor, reference
from paired.elements import Element, element
from paired.notation import prose
from spec import symbols
from spec.library import algorithms
from spec.mistakes import Mistake
from spec.mistakes.catalogue import by_line
from spec.pairing import implementations

from .contrast import contrast
from .index import listed
from .picture import picture
from .shared_pages import by_page, others_shown_with, shown_with
from .words import callers, phrase, title, twins

_ABOUT = (
    "check",
    "verification",
)  # pages on how a function is checked: the first that the site has is linked


class PageDirective(SphinxDirective):
    """`.. mistakes-at:: 4.6` makes the whole page of the mistakes that begin at a line.

    The option `of` is a digest of everything that the page shows. When it changes, the file of the
    page changes, and Sphinx reads it again.
    """

    required_arguments = 1
    option_spec: ClassVar[OptionSpec | None] = {"of": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return the page, as one section."""
        (line,) = self.arguments
        mistakes = by_page().get(line)
        if mistakes is None:
            raise self.error(f"no mistake is shown at line {line}")
        known = by_line()[line]
        section = nodes.section(
            "",
            nodes.title("", _title(line, known)),
            _place(line, mistakes[0].algorithm),
            *([listed(known, behind_lines=False)] if len(known) > 1 else []),
            *map(self._section, mistakes),
            _section("Check yours", *self._check(mistakes[0])),
            ids=[f"mistakes-at-{line}"],
            names=[line],
        )
        self.set_source_info(section)
        return [section]

    def _section(self, mistake: Mistake) -> nodes.section:
        """Return what there is to say about one mistake, under its permanent address."""
        ids = [mistake.id, *(other.id for other in others_shown_with(mistake.id))]
        section = nodes.section(
            "",
            nodes.title("", "", *phrase(title(mistake))),
            _under_the_title(mistake),
            *contrast(mistake),
            _said(mistake),
            *picture(mistake),
            ids=[anchor("mistake", id) for id in ids],
            names=[mistake.id],
        )
        domain = self.env.domains[AlgorithmDomain.name]
        assert isinstance(domain, AlgorithmDomain)
        for id in ids:
            domain.note("mistake", id, self.env.docname, section)
        return section

    def _check(self, mistake: Mistake) -> Iterator[nodes.Node]:
        command = f"formal-transformers check {_example(mistake)} --algorithm {mistake.algorithm}"
        yield nodes.literal_block(f"$ {command}", f"$ {command}", language="console")
        about = next(page for page in _ABOUT if page in self.env.found_docs)
        link = addnodes.pending_xref(
            "",
            nodes.inline("", "how a function is checked"),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{about}",
            refexplicit=True,
            refwarn=True,
        )
        yield nodes.paragraph(
            "",
            "",
            nodes.Text("It says whether your function computes "),
            reference("alg", mistake.algorithm, f"Algorithm {mistake.algorithm}"),
            nodes.Text(", or which of these. There is a page on "),
            link,
            nodes.Text("."),
        )


def _title(line: str, mistakes: Sequence[Mistake]) -> str:
    kinds = {"mistake": "Mistakes", "difference": "Departures"}
    found = [word for kind, word in kinds.items() if kind in {one.kind for one in mistakes}]
    return f"{' and '.join(found).capitalize()} at line {line}"


def _place(line: str, algorithm: str) -> Element:
    """Say where a line stands, and which algorithms a mistake in it is a mistake of."""
    place: list[nodes.Node | str] = [
        reference("algline", line, f"Line {line}"),
        " is a line of ",
        reference("alg", algorithm, f"Algorithm {algorithm}"),
    ]
    direct, through = callers(algorithm)
    if direct:
        place += [", which ", *_listed(direct), " calls" if len(direct) == 1 else " call"]
    if through:
        place += [" and, through it" if len(direct) == 1 else " and, through them", ", "]
        place += _listed(through)
    return element("p", *place, ".", classes=["cited"])


def _under_the_title(mistake: Mistake) -> Element:
    """Give the name of the mistake, a link to it, its line, and where else it is made."""
    link = nodes.reference(
        "", "", nodes.literal("", mistake.id), refid=anchor("mistake", mistake.id), internal=True
    )
    kind = "a mistake in" if mistake.kind == "mistake" else "a departure at"
    where: list[nodes.Node | str] = [
        f": {kind} ",
        reference("algline", mistake.line, f"line {mistake.line}"),
        ".",
    ]
    links = [_twin(mistake, twin) for twin in twins(mistake)]
    if links:
        where += [" The same in ", *_joined(links), "."]
    return element("p", link, *where, classes=["cited"])


def _twin(mistake: Mistake, twin: Mistake) -> nodes.Node:
    """Return a link to the same mistake in another algorithm: or to its line, if shown here."""
    role, id = "mistake", twin.id
    if shown_with()[twin.id] == mistake.id:
        role, id = "algline", twin.line
    return reference(role, id, f"Algorithm {twin.algorithm}")


def _said(mistake: Mistake) -> Element:
    made = mistake.kind == "mistake"
    rows = {
        "What it does": mistake.effect,
        "Why people make it" if made else "Why it is so": mistake.why,
        "How to tell": mistake.tell,
    }
    if mistake.equal:
        equal = " and ".join(f"{left} = {right}" for left, right in mistake.equal.items())
        rows["Sizes"] = f"It runs only where {equal}: at other sizes the shapes do not fit."
    parts = [
        part
        for term, text in rows.items()
        for part in (element("dt", term), element("dd", *prose(text)))
    ]
    # A class on the list itself would bring the theme's indents.
    return element("div", element("dl", *parts), classes=["facts"])


def _section(name: str, *parts: nodes.Node) -> nodes.section:
    id = nodes.make_id(name)
    return nodes.section("", nodes.title("", name), *parts, ids=[id], names=[])


def _listed(algorithms: Sequence[str]) -> list[nodes.Node | str]:
    return _joined([reference("alg", id, id) for id in algorithms])


def _joined(parts: Sequence[nodes.Node]) -> list[nodes.Node | str]:
    """Put commas, and an "and" before the last, between the parts."""
    joined: list[nodes.Node | str] = []
    for place, part in enumerate(parts):
        if place:
            joined.append(" and " if place == len(parts) - 1 else ", ")
        joined.append(part)
    return joined


def _example(mistake: Mistake) -> str:
    """Return the name of a function as the reader may have it, `mypkg.attention:Attention`."""
    id = mistake.algorithm
    if id not in _names():  # a text without a function has a name that one would have
        return f"mypkg.training:{symbols.ascii(algorithms()[id].title)}"
    module, name = _names()[id]
    return f"mypkg.{module}:{name}"


@cache
def _names() -> dict[str, tuple[str, str]]:
    return {
        id: (unwrap(function).__module__.rpartition(".")[2], function.__name__)
        for id, function in implementations("algorithms").items()
    }
