"""What the algorithms come from, as BibTeX, and which of it a docstring names.

A docstring says `Source: Shazeer 2019, "Fast Transformer Decoding: …"`, and says it nowhere else:
an algorithm's sources are those of `sources.toml` that the docstring of its function names.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from importlib.resources import files
from types import MappingProxyType

_OTHERS = "others"  # what BibTeX has for "et al."
_PARAGRAPH = re.compile(r"^Source: (.*?)(?:\n\s*\n|\Z)", re.DOTALL | re.MULTILINE)
_ESCAPED = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "²": "$^2$"}


@dataclass(frozen=True)
class Source:
    """A work with its key and fields in BibTeX; `type` is that of the entry, `article`.

    `compared` is the address of what the fields were compared with, or nothing.
    """

    key: str
    type: str
    fields: Mapping[str, str]
    compared: str = ""

    @property
    def title(self) -> str:
        """The title."""
        return self.fields["title"]

    @property
    def short(self) -> str:
        """Authors and year within a sentence: `Shazeer 2019`, `Raffel et al. 2020`."""
        first, *more = [_surname(author) for author in self.fields["author"].split(" and ")]
        year = self.fields.get("year", "")
        if len(more) > 2 or _OTHERS in more:
            return f"{first} et al. {year}"
        *middle, last = [first, *more]
        return f"{', '.join(middle)} & {last} {year}" if middle else f"{last} {year}"

    def bibtex(self) -> str:
        """Write the entry."""
        rows = [f"  {name} = {{{_escaped(name, value)}}}," for name, value in self._written()]
        return "\n".join([f"@{self.type}{{{self.key},", *rows, "}"]) + "\n"

    def _written(self) -> Iterator[tuple[str, str]]:
        for name, value in self.fields.items():
            if name == "title":
                value = f"{{{value}}}"  # as it is: a style would write "bert", "gqa"
            yield name, value
            if name == "eprint":
                yield "archiveprefix", "arXiv"
                if self.type == "article" and "journal" not in self.fields:
                    yield "journal", f"arXiv:{value}"


@cache
def sources() -> Mapping[str, Source]:
    """Return every source, by its key; the paper comes first."""
    rows = tomllib.loads(files("spec").joinpath("sources.toml").read_text(encoding="utf-8"))
    return MappingProxyType({key: _source(key, row) for key, row in rows.items()})


def the_paper() -> Source:
    """Return the paper whose algorithms these are."""
    return next(iter(sources().values()))


def this_software() -> Source:
    """Return this software, as the distribution describes itself."""
    try:
        facts = metadata("formal-transformers")
    except PackageNotFoundError:  # a checkout that is not installed
        return Source("formal-transformers", "software", {"title": "formal-transformers"})
    fields = {
        "author": f"{{{facts['Author']}}}",
        "title": f"{facts['Name']}: {facts['Summary']}",
        "version": facts["Version"],
    }
    return Source(facts["Name"], "software", fields)


def source_text(docstring: str) -> str:
    """Return the paragraph of a docstring that begins with `Source:`, in one row, or nothing."""
    lines = "\n".join(line.strip() for line in docstring.splitlines())
    match = _PARAGRAPH.search(lines)
    return "" if match is None else " ".join(match[1].split())


def named(docstring: str) -> tuple[Source, ...]:
    """Return the sources that a docstring names, in its order.

    Of two works of the same authors and year, it names those whose titles it begins.
    """
    text = source_text(docstring)
    count = Counter(source.short for source in sources().values())
    found = [
        source
        for source in sources().values()
        if re.search(rf"(?<![\w-])(?<!& ){re.escape(source.short)}\b", text)
        and (count[source.short] == 1 or any(map(source.title.startswith, quoted(text))))
    ]
    return tuple(sorted(found, key=lambda source: text.index(source.short)))


def quoted(text: str) -> list[str]:
    """Return what stands in quotation marks or between stars in the paragraph of sources."""
    return [a or b for a, b in re.findall(r'"([^"]+?),?"|\*([^*"]+)\*', text)]


def _source(key: str, row: Mapping[str, str | int]) -> Source:
    fields = {name: str(value) for name, value in row.items()}
    return Source(key, fields.pop("type"), compared=fields.pop("compared", ""), fields=fields)


def _surname(author: str) -> str:
    return author.strip("{}") if author.startswith("{") else author.split()[-1]


def _escaped(name: str, value: str) -> str:
    if name == "url":
        return value
    return "".join(_ESCAPED.get(character, character) for character in value)
