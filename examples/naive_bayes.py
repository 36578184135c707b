"""The best that counting words does for classes: naive Bayes on which n-grams a sentence has.

Manning, Raghavan & Schütze 2008, "Introduction to Information Retrieval", section 13.3.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

Words = Sequence[Hashable]


def grams(words: Words, longest: int) -> set[Words]:
    """All parts of up to so many words that follow one another."""
    return {
        tuple(words[at : at + size])
        for size in range(1, longest + 1)
        for at in range(len(words) - size + 1)
    }


class NaiveBayes:
    """Two classes, and in how many sentences of each an n-gram stands."""

    def __init__(self, sentences: Sequence[Words], classes: Sequence[int], longest: int) -> None:
        self.longest = longest
        self.seen: tuple[Counter[Words], ...] = (Counter(), Counter())
        for words, c in zip(sentences, classes, strict=True):
            self.seen[c].update(grams(words, longest))
        self.sentences = Counter(classes)
        self.different = len({*self.seen[0], *self.seen[1]})

    def log_odds(self, words: Words) -> float:
        """How much likelier class 1 is than class 0: of each n-gram one is counted besides."""
        found = [*grams(words, self.longest)]
        each = [math.log(self.sentences[c] or 0.5) for c in (0, 1)]
        for c in (0, 1):
            total = self.seen[c].total() + self.different
            each[c] += math.fsum(math.log((self.seen[c][gram] + 1) / total) for gram in found)
        return each[1] - each[0]

    def accuracy(self, sentences: Sequence[Words], classes: Sequence[int]) -> float:
        """How many sentences get their class."""
        right = sum(
            (self.log_odds(words) > 0) == c for words, c in zip(sentences, classes, strict=True)
        )
        return right / len(sentences)
