"""The files of the pages, one for each mistake, written before Sphinx looks for pages."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from spec.language.alg_file import write
from spec.library import algorithms
from spec.mistakes import catalogue

# In no table of contents, which would stand on every page: the list links to them all.
_PAGE = """\
:orphan:
:hide-toc:

.. mistake:: {id}
   :of: {digest}
"""


def setup(app: Sphinx) -> None:
    """Have the files written where the configuration says, if it does."""
    app.add_config_value("paired_mistakes", "", "env", [str])
    app.connect("builder-inited", _write)
    app.connect("html-page-context", _stand_out, priority=900)  # after the theme


def _write(app: Sphinx) -> None:
    if app.config.paired_mistakes:
        written(Path(app.srcdir) / app.config.paired_mistakes)


def _stand_out(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Have the list of all mistakes stand out in the side bar, where their pages are not."""
    navigation = "furo_navigation_tree"
    if navigation not in context:
        return
    for above, pages in app.env.toctree_includes.items():
        if page in pages and page.startswith(f"{app.config.paired_mistakes}/"):
            link = f'toctree-l1"><a class="reference internal" href="{context["pathto"](above)}"'
            now = link.replace("toctree-l1", "toctree-l1 current current-page")
            context[navigation] = context[navigation].replace(link, now)


def written(folder: Path) -> list[Path]:
    """Bring a folder up to date, and return what was written.

    A file that is as it should be is left alone, so that Sphinx does not read it again; what
    belongs to no mistake any more is removed.
    """
    folder.mkdir(exist_ok=True)
    wanted = dict(_texts())
    for path in folder.glob("*.rst"):
        if path.name not in wanted:
            path.unlink()
    found = []
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            found.append(path)
    return found


def _texts() -> Iterator[tuple[str, str]]:
    run = "".join(write(algorithm) for algorithm in algorithms().values())
    for id, mistake in catalogue().items():
        # What changes as soon as anything does that the page is made from.
        digest = hashlib.sha256(f"{mistake}{run}".encode()).hexdigest()[:16]
        yield f"{id}.rst", _PAGE.format(id=id, digest=digest)
