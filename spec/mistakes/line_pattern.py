"""Patterns of lines: `⟨X⟩ ← ⟨X⟩ + ⟨update⟩` is any line that adds something to a matrix.

A placeholder stands for any text, the shortest that fits, and for the same text wherever it
stands; `⟨stack?⟩` may stand for nothing. A pattern may be a part of a line, but one that begins
or ends with a placeholder begins or ends with the line.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

ANY_LINES = "…"
_PLACEHOLDER = re.compile(r"⟨(?P<name>\w+)(?P<optional>\??)⟩")


@dataclass(frozen=True)
class Occurrence:
    """Where a mistake can be made: the rows in place of lines, by number; what placeholders are."""

    rows: Mapping[int, str]
    texts: Mapping[str, str]


def occurrences(edits: Mapping[str, str], lines: Sequence[str]) -> Iterator[Occurrence]:
    """Yield each place where lines that follow each other match the patterns that are edited.

    `edits` has the rows in place of what matches, by the pattern; between two patterns, `…` stands
    for any lines. No two places have a line in common. What stands outside a pattern remains.
    Where the rows are what stands there already, there is no mistake to be made.
    """
    lines = [_decomposed(line) for line in lines]  # X̃ is X with a tilde
    first = _expression(_decomposed(next(iter(edits))), ())
    start = 0
    while start < len(lines):
        if not first.search(lines[start]):  # as at nearly all lines
            start += 1
            continue
        matched, texts = _match(edits, lines, start)
        if rows := dict(_rows(matched, lines, texts)):
            yield Occurrence(rows, texts)
        start = max(matched, default=start) + 1


def filled(text: str, texts: Mapping[str, str]) -> str:
    """Return a text with its placeholders filled in."""
    written = _PLACEHOLDER.sub(lambda match: texts[match["name"]], text)
    written = re.sub(r"_\{(\w)\}", r"_\1", written)  # a script of one letter has no braces
    return unicodedata.normalize("NFC", written)


def _match(
    edits: Mapping[str, str], lines: Sequence[str], start: int
) -> tuple[dict[int, tuple[re.Pattern[str], str]], dict[str, str]]:
    """Return which lines match, each with its pattern and row, and the texts of placeholders."""
    matched: dict[int, tuple[re.Pattern[str], str]] = {}
    texts: dict[str, str] = {}
    ends = start + 1
    for pattern, row in edits.items():
        if pattern == ANY_LINES:
            ends = len(lines)
            continue
        pattern = _decomposed(pattern)
        given = tuple((name, texts[name]) for name in _names(pattern) if name in texts)
        expression = _expression(pattern, given)
        for place in range(start, min(ends, len(lines))):
            if match := expression.search(lines[place]):
                break
        else:
            return {}, {}
        matched[place] = expression, row
        texts |= match.groupdict()
        start, ends = place + 1, place + 2
    return matched, texts


def _rows(
    matched: Mapping[int, tuple[re.Pattern[str], str]],
    lines: Sequence[str],
    texts: Mapping[str, str],
) -> Iterator[tuple[int, str]]:
    """Yield what stands in place of the lines that change, with their numbers."""
    for place, (expression, row) in matched.items():
        written = expression.sub(partial(_filled_here, row, texts), lines[place])
        if written != lines[place]:
            yield place + 1, unicodedata.normalize("NFC", written)


def _filled_here(row: str, texts: Mapping[str, str], match: re.Match[str]) -> str:
    """Return a row filled in: what a placeholder stands for here comes before what it did first."""
    return filled(row, {**texts, **match.groupdict()})


# Many entries have the same patterns, and all are tried at each line of each algorithm.


@cache
def _decomposed(text: str) -> str:
    """Return a text with its accents as characters of their own."""
    return unicodedata.normalize("NFD", text)


@cache
def _names(pattern: str) -> tuple[str, ...]:
    """Return the names of the placeholders of a pattern."""
    return tuple(placeholder["name"] for placeholder in _PLACEHOLDER.finditer(pattern))


@cache
def _expression(pattern: str, given: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """Return a pattern as a regular expression; some of its placeholders have a text already."""
    texts, known = dict(given), dict(given)
    parts = ["^"] if _PLACEHOLDER.match(pattern) else []
    end = 0
    for placeholder in _PLACEHOLDER.finditer(pattern):
        parts.append(re.escape(pattern[end : placeholder.start()]))
        name, end = placeholder["name"], placeholder.end()
        if name in texts:
            parts.append(re.escape(texts[name]))
        elif name in known:
            parts.append(f"(?P={name})")
        else:
            parts.append(f"(?P<{name}>.{'*' if placeholder['optional'] else '+'}?)")
            known[name] = ""
    parts += ["$"] if end == len(pattern) else [re.escape(pattern[end:])]
    return re.compile("".join(parts))
