"""What a page holds that can be found in one pass: its ids, its links, and all that it loads."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

_LOADED = ("src", "data", "action")  # and the `href` of what is no link


@dataclass
class Scan:
    """A page, read through once, which is quicker than to make a tree of it.

    Attributes
    ----------
    ids
        The ids of all elements, to which a link may lead.
    links
        Where the links of the article lead.
    loads
        The addresses of all that is loaded with the page.
    """

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)


class _Scanner(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scan = Scan()
        self.depth = 0  # in how many articles

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.depth += tag == "article"
        if "id" in found:
            self.scan.ids.add(found["id"])
        if tag == "a" and self.depth and "href" in found:
            self.scan.links.append(found["href"])
        names = _LOADED + (("href",) if tag in ("link", "use") else ())
        self.scan.loads += [found[name] for name in names if name in found]

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "article"


def scan(path: Path) -> Scan:
    """Read a page through."""
    scanner = _Scanner()
    scanner.feed(path.read_text("utf-8"))
    scanner.close()
    return scanner.scan
