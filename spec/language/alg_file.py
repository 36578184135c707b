"""The layout of an `.alg` file: its heading, sections, comments and numbered lines.

    Algorithm 4: Ṽ ← Attention(X, Z | W_qkv, Mask)
    /* One masked self- or cross-attention head. */
    Input: X ∈ ℝ^{d_x×ℓ_x} — the primary sequence
           Z ∈ ℝ^{d_z×ℓ_z} — the context sequence
    …

    1  Q ← W_q X + b_q 1ᵀ                                       ▷ Q ∈ ℝ^{d_attn×ℓ_x}
    …

What stands inside a row is read elsewhere. Reading is strict, so that all files look alike:
what `write` would not write is refused, except for the width of a gap, which is corrected.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from spec.language.errors import SpecError

SECTIONS = ("Abbreviation", "Input", "Output", "Parameters", "Hyperparameters", "Requires", "Open")

MARGIN = 3  # columns for the number of a line
STEP = 4  # columns for each level of nesting
HANG = 7  # columns before the further rows of a section
CLAIMS = 60  # the column of ▷, two columns to the right of the longest text that is claimed about

ID = r"(?:∇|[A-Z])?[1-9]\d*"  # the paper's, of a gradient, ours
_HEADING = re.compile(r"Algorithm (?P<id>\S+): (?P<rest>\S.*)")
_SIGNATURE = re.compile(r"\S.* ← (?P<name>[^\s(]+)\(.*\)")
_SECTION = re.compile(r"(?P<name>[A-Z][a-z]+):(?: (?P<first>\S.*))?")
_COMMENT = re.compile(r" *\/\* (?P<text>\S.*) \*\/")
_LINE = re.compile(r"(?P<number>[1-9]\d?) +(?P<text>\S.*)")


class LayoutError(SpecError):
    """A row that is not in the form of an `.alg` file."""


@dataclass(frozen=True)
class Section:
    """A section of an algorithm's head: `Input`, and its rows, indented relative to the first."""

    name: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A numbered line, with its claim after ▷ and the comment in the row above it."""

    number: int
    indent: int
    text: str
    claim: str | None = None
    row: int = field(default=0, compare=False)
    comment: str | None = None

    @property
    def ends(self) -> bool:
        """Whether the line is `end`, which has no counterpart in Python."""
        return self.text == "end"


@dataclass(frozen=True)
class Algorithm:
    """The text of an algorithm, taken apart into sections and lines; `path` is its file."""

    id: str
    title: str
    signature: str | None
    comment: str | None
    sections: tuple[Section, ...]
    lines: tuple[Line, ...]
    path: str = field(default="", compare=False)

    def section(self, name: str) -> tuple[str, ...]:
        """Return the rows of a section, `Input`; none if it is absent."""
        return next((section.rows for section in self.sections if section.name == name), ())


def read(text: str, name: str) -> Algorithm:
    """Read the text of an `.alg` file.

    Parameters
    ----------
    text
        The whole text, in any of Unicode's forms of accented letters.
    name
        The name of the file, for errors.

    Raises
    ------
    LayoutError
        At the first row that is out of form, with its number and the row itself.
    """
    return _Reader(unicodedata.normalize("NFC", text), name).algorithm()


def write(algorithm: Algorithm) -> str:
    """Write an algorithm as the text of an `.alg` file, the inverse of `read`."""
    rows = [f"Algorithm {algorithm.id}: {algorithm.signature or algorithm.title}"]
    if algorithm.comment is not None:
        rows.append(f"/* {algorithm.comment} */")
    for section in algorithm.sections:
        first, *rest = section.rows
        rows.append(f"{section.name}: {first}")
        rows += [" " * HANG + row for row in rest]
    rows.append("")
    for line in algorithm.lines:
        depth = " " * (STEP * line.indent)
        if line.comment is not None:
            rows.append(" " * MARGIN + depth + f"/* {line.comment} */")
        row = str(line.number).ljust(MARGIN) + depth + line.text
        if line.claim is not None:
            row += " " * max(2, CLAIMS - width(row)) + "▷ " + line.claim
        rows.append(row)
    return "\n".join(rows) + "\n"


def width(text: str) -> int:
    """Count the columns of a text, in which a combining accent takes none."""
    return sum(not unicodedata.combining(character) for character in text)


class _Reader:
    """Reads a text from top to bottom; `at` is the number of the current row, from 0."""

    def __init__(self, text: str, name: str) -> None:
        # Not splitlines, which also splits at a dozen rarer characters.
        self.rows = text.removesuffix("\n").split("\n")
        self.name = name
        self.at = 0

    def algorithm(self) -> Algorithm:
        self.blanks()
        id, title, signature = self.heading()
        comment = self.comment()
        sections = self.sections()
        lines = self.lines()
        return Algorithm(id, title, signature, comment, sections, lines, self.name)

    @property
    def row(self) -> str | None:
        """The current row, or None after the last."""
        return self.rows[self.at] if self.at < len(self.rows) else None

    def error(self, problem: str) -> LayoutError:
        quoted = f": {self.row}" if self.row else ""
        return LayoutError(f"{self.name}, row {self.at + 1} {problem}{quoted}")

    def blanks(self) -> None:
        """Check the white space of all rows, and go back to the first."""
        while self.row is not None:
            if "\t" in self.row:
                raise self.error("holds a tab; indent with spaces")
            if self.row != self.row.rstrip():
                raise self.error("ends in white space")
            self.at += 1
        self.at = 0

    def heading(self) -> tuple[str, str, str | None]:
        match = _HEADING.fullmatch(self.row or "")
        if match is None:
            raise self.error("is not a heading such as 'Algorithm 4: Ṽ ← Attention(X, Z | W)'")
        id, rest = match["id"], match["rest"]
        if re.fullmatch(ID, id) is None:
            forms = "a number, 4, or ∇ and a number, ∇4, or a capital letter and a number, N1"
            raise self.error(f"has the id {id}, want {forms}")
        if "←" not in rest:
            self.at += 1
            return id, rest, None
        signature = _SIGNATURE.fullmatch(rest)
        if signature is None:
            raise self.error("has no signature such as 'Ṽ ← Attention(X, Z | W)'")
        self.at += 1
        return id, signature["name"], rest

    def comment(self) -> str | None:
        """Read a row of comment, if the current row is one."""
        if self.row is None or not self.row.lstrip().startswith("/*"):
            return None
        match = _COMMENT.fullmatch(self.row)
        if match is None:
            raise self.error("is not a comment of one row such as '/* … */'")
        self.at += 1
        return match["text"]

    def sections(self) -> tuple[Section, ...]:
        sections: dict[str, list[str]] = {}
        name = None
        while self.row:
            if self.row.startswith(" " * HANG) and name is not None:
                sections[name].append(self.row[HANG:])
            else:
                name, first = self.section()
                if name in sections:
                    raise self.error(f"opens the section {name} again")
                sections[name] = [first]
            self.at += 1
        return tuple(Section(name, tuple(rows)) for name, rows in sections.items())

    def section(self) -> tuple[str, str]:
        match = _SECTION.fullmatch(self.row or "")
        if match is None:
            raise self.error(f"neither opens a section nor is indented by {HANG}")
        if match["name"] not in SECTIONS:
            raise self.error(f"does not open one of the sections {', '.join(SECTIONS)}")
        if match["first"] is None:
            raise self.error("opens a section with nothing beside its name")
        return match["name"], match["first"]

    def lines(self) -> tuple[Line, ...]:
        if self.row is None:
            raise self.error("is missing: an empty row, then the numbered lines")
        self.at += 1
        lines: list[Line] = []
        while self.row is not None:
            comment = self.comment()
            lines.append(self.line(comment, lines[-1] if lines else None))
            self.at += 1
        if not lines:
            raise self.error("is missing: no line is numbered")
        return tuple(lines)

    def line(self, comment: str | None, above: Line | None) -> Line:
        match = _LINE.fullmatch(self.row or "")
        if match is None:
            raise self.error("is not a numbered line")
        number = 1 if above is None else above.number + 1
        if int(match["number"]) != number:
            raise self.error(f"should be numbered {number}")
        indent, rest = divmod(match.start("text") - MARGIN, STEP)
        if rest or indent < 0:
            raise self.error(f"is not indented by {MARGIN} and a multiple of {STEP} columns")
        opens = above is not None and above.text.endswith(":")
        depth = above.indent if above is not None else 0
        if (indent > depth) != opens or indent > depth + 1:
            raise self.error("is out of step: after a ':', and only there, one step further in")
        text, mark, claim = (part.strip() for part in match["text"].partition("▷"))
        if not text or (mark and not claim):
            raise self.error("has nothing on one side of its ▷")
        line = Line(number, indent, text, claim or None, self.at + 1, comment)
        if line.ends and (above is None or above.indent <= indent):
            raise self.error("does not end a block")
        return line
