"""The source files of the pages of mistakes, written before Sphinx looks for pages."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from spec.inputs.size_table import size_table
from spec.language.alg_file import write
from spec.library import algorithms, checked, example
from spec.mistakes.catalogue import by_line

from .shared_pages import by_page, others_shown_with, page_name

# Orphans, since a table of contents of them would be repeated on every page. The list links them.
_PAGE = """\
:orphan:
:hide-toc:

.. mistakes-at:: {line}
   :of: {digest}
"""


def setup(app: Sphinx) -> None:
    """Have the files written into the folder `paired_mistakes`, unless that is empty."""
    app.add_config_value("paired_mistakes", "", "env", [str])
    app.connect("builder-inited", _write)
    app.connect("html-page-context", _stand_out, priority=900)  # after the theme


def _write(app: Sphinx) -> None:
    if app.config.paired_mistakes:
        checked()  # Once, before there are processes that would each do it.
        written(Path(app.srcdir) / app.config.paired_mistakes)


def _stand_out(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """On a page of mistakes, mark the list of all mistakes as current in the side bar."""
    navigation = "furo_navigation_tree"
    if navigation not in context:
        return
    for above, pages in app.env.toctree_includes.items():
        if page in pages and page.startswith(f"{app.config.paired_mistakes}/"):
            link = f'toctree-l1"><a class="reference internal" href="{context["pathto"](above)}"'
            now = link.replace("toctree-l1", "toctree-l1 current current-page")
            context[navigation] = context[navigation].replace(link, now)


def written(folder: Path) -> list[Path]:
    """Bring a folder up to date, and return the files that were written.

    A file that is up to date is left alone, so that Sphinx does not read it again. A file of a
    line without a mistake is removed.
    """
    folder.mkdir(exist_ok=True)
    wanted = dict(_texts())
    for path in folder.glob("*.rst"):
        if path.name not in wanted:
            path.unlink()
    changed = []
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            changed.append(path)
    return changed


def _texts() -> Iterator[tuple[str, str]]:
    run = "".join(write(algorithm) for algorithm in algorithms().values())
    for line, mistakes in by_page().items():
        # A digest of everything that the page shows.
        listed = by_line()[line], [[*others_shown_with(one.id)] for one in mistakes]
        inputs = example(mistakes[0].algorithm), size_table("picture")
        shown = f"{mistakes!r}{listed!r}{inputs!r}{run}"
        digest = hashlib.sha256(shown.encode()).hexdigest()[:16]
        yield f"{page_name(line)}.rst", _PAGE.format(line=line, digest=digest)
