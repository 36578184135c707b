"""Lines of Python that every Python brings: its standard library, cut by its own tokenizer."""

from __future__ import annotations

import sysconfig
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Line = tuple[str, ...]

CLOSING = (")", "]", "}")

#: Shorter lines have little to match, and few are longer.
SHORTEST, LONGEST = 5, 30


def library_lines() -> tuple[list[Line], list[Line]]:
    """Lines to learn from, and those held out: of every fifth file, none of them in both."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = sorted(
        path
        for depth in ("*.py", "*/*.py")
        for path in folder.glob(depth)
        if path.parent.name not in ("site-packages", "test", "tests")
    )
    learnt, held_out = (
        dict.fromkeys(line for path in part for line in lines(path))
        for part in ([path for n, path in enumerate(files) if n % 5 != 4], files[4::5])
    )
    return [*learnt], [line for line in held_out if line not in learnt]


def lines(path: Path) -> Iterator[Line]:
    """The lines of a file that close a bracket, each a row of tokens.

    All numbers are one token, and so are all strings. A line goes on until its brackets close.
    """
    line: list[str] = []
    with path.open("rb") as file:
        try:
            for token in tokenize.tokenize(file.readline):
                kind = tokenize.tok_name[token.type]
                if kind in ("NAME", "OP"):
                    line.append(token.string)
                elif kind == "NUMBER":
                    line.append("0")
                elif kind.endswith(("STRING", "STRING_START")):  # the second begins an f-string
                    line.append('""')
                elif kind == "NEWLINE":
                    if SHORTEST <= len(line) <= LONGEST and {*CLOSING} & {*line}:
                        yield tuple(line)
                    line = []
        except (SyntaxError, tokenize.TokenError):  # some files are there to be wrong
            return


class Vocabulary(NamedTuple):
    """The tokens that are often in lines; all others are one, and three are for the model."""

    number: dict[str, int]

    @classmethod
    def of(cls, every: Sequence[Line], size: int) -> Vocabulary:
        """The commonest tokens of some lines."""
        counts = Counter(token for line in every for token in line)
        return cls({token: n for n, (token, _) in enumerate(counts.most_common(size))})

    @property
    def rare(self) -> int:
        """Every other token."""
        return len(self.number)

    @property
    def hidden(self) -> int:
        """What stands where a token is to be guessed."""
        return len(self.number) + 1

    @property
    def first(self) -> int:
        """What begins a line: Algorithm X6 reads the class there."""
        return len(self.number) + 2

    @property
    def N_V(self) -> int:
        """How many tokens there are."""
        return len(self.number) + 3

    def __call__(self, line: Line) -> NDArray[np.int64]:
        """The tokens of a line, after the first."""
        return np.array([self.first, *(self.number.get(token, self.rare) for token in line)])
