"""The words of the search index are those that Sphinx finds, each looked up once."""

import sys

from helpers.sphinx_build import DOCS
from sphinx.search.en import SearchEnglish

sys.path.insert(0, str(DOCS / "_ext"))

from paired.search_words import SearchEnglishOnce

WORDS = ("Attention", "attending", "attends", "layers", "ReLU", "4", "Attention", "attends")


def test_each_word_has_the_stem_that_sphinx_gives_it() -> None:
    once, plain = SearchEnglishOnce({}), SearchEnglish({})
    assert [once.stem(word) for word in WORDS] == [plain.stem(word) for word in WORDS]


def test_a_word_is_stemmed_once() -> None:
    language = SearchEnglishOnce({})
    for word in WORDS:
        language.stem(word)
    assert language.stemmed.cache_info().misses == len(set(WORDS))
