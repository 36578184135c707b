"""Fails a build that has lost pages.

With `--jobs`, an error in another process may be dropped: `ParallelTasks.add_task` of Sphinx 9.0
catches it, the pages of that process are not written, and the build ends with success.
"""

import time
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError


class LostPagesError(SphinxError):
    """Pages that were read, or were to be read, and have no new file."""

    category = "Lost pages"


def setup(app: Sphinx) -> None:
    """Compare the pages that were to be read with the files, when a build has ended."""
    began = time.time()
    changed: set[str] = set()

    def note(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
        changed.update(docnames)

    def compare(app: Sphinx, error: Exception | None) -> None:
        if error is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
            return
        lost = set(app.env.found_docs) - set(app.env.all_docs)
        lost |= {page for page in changed if not _written(app.builder, page, began)}
        if lost:
            raise LostPagesError(f"{', '.join(sorted(lost))}: build with --jobs 1 to see the error")

    app.connect("env-before-read-docs", note)
    app.connect("build-finished", compare)


def _written(builder: StandaloneHTMLBuilder, page: str, since: float) -> bool:
    path = Path(builder.get_output_path(page))
    return path.exists() and path.stat().st_mtime >= since
