"""The table of what the language is made of: every kind of node, and texts that use it."""

import sys

from bs4 import BeautifulSoup
from helpers.sphinx_build import DOCS
from helpers.trees import all_rows

from spec.language.tree import walk
from spec.library import programs

sys.path.insert(0, str(DOCS / "_ext"))

from paired.constructs import NAMED, kinds, uses


def test_every_kind_of_node_has_a_row_with_texts_that_use_it(
    pages: dict[str, BeautifulSoup],
) -> None:
    page = pages["language.html"]
    (table,) = (
        table for table in page.select("table.measured") if "first texts" in table.get_text()
    )
    rows = [row.select("td") for row in table.select("tbody tr")]
    assert len(rows) == len(kinds())
    for kind, (written, first, count) in zip(kinds(), rows, strict=True):
        texts = uses()[kind]
        assert written.select("code"), kind
        assert int(count.get_text()) == len(texts) > 0, kind
        assert len(first.select("a[href]")) == min(NAMED, len(texts)), kind


def test_a_text_is_named_by_the_line_that_uses_a_kind() -> None:
    for kind, texts in uses().items():
        for id, number in texts.items():
            lines = {line.number: line for line in programs()[id].lines}
            if number is None:
                assert not any(
                    isinstance(node, kind)
                    for line in lines.values()
                    for node in walk(line.statement)
                )
                continue
            line = lines[number]
            trees = [line.statement, *([line.claim] if line.claim else [])]
            assert any(type(node) is kind for tree in trees for node in walk(tree))


def test_the_table_has_what_the_texts_use() -> None:
    assert {*kinds()} == {*uses()} == {type(node) for _, root in all_rows() for node in walk(root)}
