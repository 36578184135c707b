"""The words of the search index, each brought to its stem once and not once for each page."""

from functools import cache

from sphinx.application import Sphinx
from sphinx.search import languages
from sphinx.search.en import SearchEnglish


class SearchEnglishOnce(SearchEnglish):
    """English as Sphinx has it, with a memory."""

    def __init__(self, options: dict[str, str]) -> None:
        """Wrap the stemmer, which is written in Python."""
        super().__init__(options)
        self.stemmed = cache(super().stem)

    def stem(self, word: str) -> str:
        """Return the stem of a word."""
        return self.stemmed(word)


def setup(app: Sphinx) -> None:
    """Have it build the index of pages in English."""
    languages["en"] = SearchEnglishOnce
