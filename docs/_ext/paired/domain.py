"""Algorithms, their lines, the errata and the mistakes as targets of links."""

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

from spec.errata import errata
from spec.library import algorithms
from spec.mistakes import catalogue

# How near the top of a search they stand; a mistake is found by the title of its page.
_PRIORITY = {"alg": 0, "mistake": -1}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """What a link may lead to: how it is called in a sentence, and what a pointer is told."""

    name: str
    tooltip: str


@cache
def targets() -> dict[tuple[str, str], Target]:
    """Return everything that can be linked to, by role and id."""
    found: dict[tuple[str, str], Target] = {}
    for id, algorithm in algorithms().items():
        found["alg", id] = Target(f"Algorithm {id}", algorithm.signature or algorithm.title)
        for line in algorithm.lines:
            ref = f"{id}.{line.number}"
            found["algline", ref] = Target(f"line {ref}", f"{ref}  {line.text}")
    for id, mistake in catalogue().items():
        found["mistake", id] = Target(id, f"Algorithm {mistake.algorithm} with {mistake.what}")
    for id, erratum in errata().items():
        found["erratum", id] = Target(id, f"{erratum.where}: {erratum.reading}")
    return found


def anchor(role: str, id: str) -> str:
    """Return the fragment of a target's address, `line-4.5`."""
    return f"{AlgorithmDomain.anchors[role]}-{id}"


def reference(role: str, id: str, content: str | nodes.Node) -> addnodes.pending_xref:
    """Make a link by hand, as the role would."""
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
    """`:alg:`4``, `:algline:`4.5``, `:erratum:`A11`` or `:mistake:`…``, in whatever domain."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Name the domain, then do as any role."""
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
        """Call a target by its name, unless the author gave it another."""
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
    }
    object_types: ClassVar[dict[str, ObjType]] = {
        kind: ObjType(kind, role) for role, kind in anchors.items()
    }
    roles: ClassVar[Any] = {role: Role(innernodeclass=nodes.inline) for role in anchors}
    dangling_warnings: ClassVar[dict[str, str]] = {
        "alg": "no page shows an Algorithm %(target)s",
        "algline": "no page shows a line %(target)s",
        "erratum": "no page shows an erratum %(target)s",
        "mistake": "no page shows a mistake %(target)s",
    }
    initial_data: ClassVar[dict[str, Any]] = {"pages": {}}
    data_version = 1

    @property
    def pages(self) -> dict[tuple[str, str], str]:
        """The page of each target that stands on one."""
        pages: dict[tuple[str, str], str] = self.data["pages"]
        return pages

    def note(self, role: str, id: str, docname: str, location: nodes.Node) -> None:
        """Say that a target stands on a page."""
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
        """Forget a page."""
        self.data["pages"] = {key: page for key, page in self.pages.items() if page != docname}

    def merge_domaindata(self, docnames: Iterable[str], otherdata: Any) -> None:
        """Take over what another process has read."""
        names = set(docnames)
        self.pages.update({k: page for k, page in otherdata["pages"].items() if page in names})

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
        """Make the link, or none if no page shows the target."""
        page = self.pages.get((typ, target))
        if page is None:
            return None
        tooltip = targets()[typ, target].tooltip
        return make_refnode(builder, fromdocname, page, anchor(typ, target), contnode, tooltip)

    def resolve_any_xref(self, *_: Any) -> list[tuple[str, nodes.reference]]:
        """A bare number could be many things: these targets need their role."""
        return []

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield all targets, for the search and for other projects."""
        for (role, id), page in self.pages.items():
            known = targets()[role, id]
            name = f"{known.name}: {known.tooltip}" if role == "alg" else known.name
            kind = self.anchors[role]
            yield id, name, kind, page, anchor(role, id), _PRIORITY.get(role, 1)
