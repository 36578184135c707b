"""Algorithms, their lines, the errata, the mistakes and the symbols as targets of links."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from spec import symbols
from spec.errata import errata
from spec.library import algorithms
from spec.mistakes import catalogue

# The rank in a search: 0 is above 1, and −1 is left out. The title of its page finds a mistake, and
# the table finds a symbol.
_PRIORITY = {"alg": 0, "mistake": -1, "symbol": -1}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """A target of links: its name within a sentence, "line 4.5", and the tooltip of its links."""

    name: str
    tooltip: str


@cache
def targets() -> dict[tuple[str, str], Target]:
    """Return everything that can be linked to, by role and id."""
    links: dict[tuple[str, str], Target] = {}
    for id, algorithm in algorithms().items():
        links["alg", id] = Target(f"Algorithm {id}", algorithm.signature or algorithm.title)
        for line in algorithm.lines:
            ref = f"{id}.{line.number}"
            links["algline", ref] = Target(f"line {ref}", f"{ref}  {line.text}")
    for id, mistake in catalogue().items():
        links["mistake", id] = Target(id, f"Algorithm {mistake.algorithm} with {mistake.what}")
    for id, erratum in errata().items():
        links["erratum", id] = Target(id, f"{erratum.where}: {erratum.reading}")
    for glyph, symbol in symbols.table().items():
        links["symbol", glyph] = Target(glyph, f"{glyph}: {symbol.meaning}")
    return links


def anchor(role: str, id: str) -> str:
    """Return the fragment of a target's address, `line-4.5`."""
    return f"{AlgorithmDomain.anchors[role]}-{id}"


def reference(role: str, id: str, content: str | nodes.Node) -> addnodes.pending_xref:
    """Return a link to a target, as its role makes it."""
    if isinstance(content, str):
        content = nodes.Text(content)
    return addnodes.pending_xref(
        "",
        nodes.inline("", "", content),
        refdomain=AlgorithmDomain.name,
        reftype=role,
        reftarget=id,
        refwarn=True,
    )


class Role(XRefRole):
    """`:alg:`4``, `:algline:`4.5``, `:erratum:`A11``, `:mistake:`…`` or `:symbol:`…``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Add the domain to the name of the role, then do as any role."""
        if ":" not in self.name:
            self.name = f"{AlgorithmDomain.name}:{self.name}"
        return super().run()

    def process_link(
        self,
        env: BuildEnvironment,
        refnode: nodes.Element,
        has_explicit_title: bool,
        title: str,
        target: str,
    ) -> tuple[str, str]:
        """Use the name of the target as the text of the link, unless the author wrote one."""
        known = targets().get((refnode["reftype"], target))
        return (title if has_explicit_title or known is None else known.name), target


class AlgorithmDomain(Domain):
    """The targets, and the pages on which they stand."""

    name = "formal"
    label = "Formal algorithms"
    anchors: ClassVar[dict[str, str]] = {
        "alg": "algorithm",
        "algline": "line",
        "erratum": "erratum",
        "mistake": "mistake",
        "symbol": "symbol",
    }
    # A type is called as its role. If it were called "line", the search would leave the anchor
    # "line-4.5" out of its index, take it for "line-" and the name, and lead to "line-line 4.5".
    object_types: ClassVar[dict[str, ObjType]] = {
        role: ObjType(name, role) for role, name in anchors.items()
    }
    roles: ClassVar[Any] = {role: Role(innernodeclass=nodes.inline) for role in anchors}
    dangling_warnings: ClassVar[dict[str, str]] = {
        "alg": "no page shows an Algorithm %(target)s",
        "algline": "no page shows a line %(target)s",
        "erratum": "no page shows an erratum %(target)s",
        "mistake": "no page shows a mistake %(target)s",
        "symbol": "no page shows a symbol %(target)s",
    }
    initial_data: ClassVar[dict[str, Any]] = {"pages": {}}
    data_version = 1

    @property
    def pages(self) -> dict[tuple[str, str], str]:
        """The page of each target that stands on one."""
        pages: dict[tuple[str, str], str] = self.data["pages"]
        return pages

    def ids_on(self, docname: str) -> list[str]:
        """Return the ids of the algorithms that have their cards on a page, in its order."""
        return [id for (role, id), page in self.pages.items() if role == "alg" and page == docname]

    def note(self, role: str, id: str, docname: str, location: nodes.Node | str) -> None:
        """Record the page of a target, and warn if it has another one already."""
        if self.pages.setdefault((role, id), docname) != docname:
            logger.warning(
                "%s stands on the page %s too; give one of the two `:no-index:`",
                targets()[role, id].name,
                self.pages[role, id],
                location=location,
                type="paired",
                subtype="twice",
            )

    def clear_doc(self, docname: str) -> None:
        """Forget the targets on a page."""
        self.data["pages"] = {key: page for key, page in self.pages.items() if page != docname}

    def merge_domaindata(self, docnames: Iterable[str], otherdata: Any) -> None:
        """Add the targets on the pages that another process has read."""
        names = set(docnames)
        for (role, id), page in otherdata["pages"].items():
            if page in names:
                self.note(role, id, page, location=page)

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        """Return a link to the target; None if no page shows it."""
        page = self.pages.get((typ, target))
        if page is None:
            return None
        tooltip = None if "untitled" in node else targets()[typ, target].tooltip
        return make_refnode(builder, fromdocname, page, anchor(typ, target), contnode, tooltip)

    def resolve_any_xref(self, *_: Any) -> list[tuple[str, nodes.reference]]:
        """Return nothing: a bare number could be many things, so these targets need their role."""
        return []

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield all targets, for the search index and the inventory."""
        for (role, id), page in self.pages.items():
            known = targets()[role, id]
            name = f"{known.name}: {known.tooltip}" if role == "alg" else known.name
            yield id, name, role, page, anchor(role, id), _PRIORITY.get(role, 1)

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        """Return the type of a target as the search shows it: "line", without the domain."""
        return type.lname
