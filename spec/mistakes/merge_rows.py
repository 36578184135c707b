"""Two changes of one row of pseudocode, made together where they touch different parts of it."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise

#: A name with its scripts, a number, or a sign: no change reaches into one.
TOKEN = re.compile(r"[\w^²³¹{}′'/]+|\s+|.")


def merged(row: str, first: str, second: str) -> str | None:
    """Return a row with both changes made; None if they touch the same part.

    >>> merged("return V · softmax(S / √d)", "return V · softmax(S)", "return V softmax(S / √d)")
    'return V softmax(S)'
    >>> merged("return S / √d", "return S", "return S / d")
    """
    changes = sorted({*_changes(row, first), *_changes(row, second)})
    for (_, end, _), (start, *_) in pairwise(changes):
        if start <= end:
            return None
    tokens, place, parts = TOKEN.findall(row), 0, []
    for start, end, text in changes:
        parts += [*tokens[place:start], text]
        place = end
    return "".join([*parts, *tokens[place:]])


def _changes(row: str, changed: str) -> Iterator[tuple[int, int, str]]:
    """Yield the place of each change among the tokens, from and to, and what stands there then."""
    before, after = TOKEN.findall(row), TOKEN.findall(changed)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, low, high in matcher.get_opcodes():
        if kind != "equal":
            yield start, end, "".join(after[low:high])
