"""The numbers of the algorithms on a page, behind its title in the sidebar."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from docutils import nodes
from sphinx.application import Sphinx

from .domain import AlgorithmDomain

_PARTS = re.compile(r"(?P<letter>\D*)(?P<number>\d+)")


def setup(app: Sphinx) -> None:
    """Have the numbers noted after Sphinx has made the page's table of contents, at 500."""
    app.connect("doctree-read", _note, priority=900)


def ranges(ids: Iterable[str]) -> str:
    """Write ids shortly, runs of numbers by their ends.

    >>> ranges(["3", "4", "5", "H1", "H3", "H2", "N1"])
    '3–5, H1–H3, N1'
    """
    return ", ".join(_runs(ids))


def _runs(ids: Iterable[str]) -> Iterator[str]:
    parts = [match.groups() for id in ids if (match := _PARTS.fullmatch(id))]
    for letter, group in groupby(parts, key=lambda part: part[0]):
        numbers = sorted(int(number) for _, number in group)
        # Within a run, a number less its place is always the same.
        for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
            _, *between = members = [f"{letter}{number}" for _, number in run]
            yield f"{members[0]}–{members[-1]}" if between else members[0]


def _note(app: Sphinx, doctree: nodes.document) -> None:
    """Add the numbers to the first entry of the page's own table of contents.

    The trees of other pages are made of it, and so is the sidebar. The title stays as it is
    elsewhere: in links, in the window and in a search.
    """
    docname = app.env.docname
    domain = app.env.domains[AlgorithmDomain.name]
    assert isinstance(domain, AlgorithmDomain)
    ids = domain.ids_on(docname)
    entry = next(app.env.tocs[docname].findall(nodes.reference), None)
    if ids and entry is not None:
        entry += [nodes.Text(" "), nodes.inline("", ranges(ids), classes=["numbers"])]
