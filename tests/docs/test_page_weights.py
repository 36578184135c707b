"""What a page with a card weighs, with all that it loads."""

import gzip
import os
import re
from pathlib import Path
from urllib.parse import urldefrag

from helpers.page_scan import Scan

LIMIT = 200_000  # bytes, as they are sent
COMPRESSED = {".woff", ".woff2", ".png"}  # already


def sent(path: Path) -> int:
    """Return how many bytes a server sends, which compresses what is not compressed yet."""
    data = path.read_bytes()
    return len(data) if path.suffix in COMPRESSED else len(gzip.compress(data, 9))


def named_in(style: Path) -> set[Path]:
    """Return the files that a style sheet can load: fonts, pictures and other sheets."""
    addresses = re.findall(r"""(?:url\(|@import)\s*["']?([^"')]+)""", style.read_text("utf-8"))
    paths = [urldefrag(one)[0].partition("?")[0] for one in addresses if ":" not in one]
    return {Path(os.path.normpath(style.parent / path)) for path in paths if path}


def loaded(page: Path, scan: Scan) -> set[Path]:
    """Return the files that a browser loads with a page, besides the page."""
    paths = [urldefrag(one)[0].partition("?")[0] for one in scan.loads]
    # Those before and after are named, and not loaded.
    found = {page.parent / path for path in paths if path and not path.endswith(".html")}
    new = found
    while (
        new := {file for style in new if style.suffix == ".css" for file in named_in(style)} - found
    ):
        found |= new
    return found


def test_a_page_with_a_card_weighs_at_most_200_kilobytes_with_all_that_it_loads(
    site: Path, scans: dict[str, Scan]
) -> None:
    known: dict[Path, int] = {}
    weights = {}
    for name, scan in scans.items():
        if ' class="alg"' not in (site / name).read_text("utf-8"):
            continue
        files = loaded(site / name, scan)
        assert {".css", ".js", ".woff"} <= {file.suffix for file in files}
        known |= {file: sent(file) for file in files if file not in known}
        weights[name] = sent(site / name) + sum(known[file] for file in files)
    assert {"index.html", "attention.html"} <= weights.keys()
    assert {name: weight for name, weight in weights.items() if weight > LIMIT} == {}
