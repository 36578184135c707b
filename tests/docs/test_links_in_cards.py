"""What a card links to: its names, the class of its parameters, its mistakes and its checks."""

import json
import re
import sys
from collections import Counter

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.page_text import copied, shown
from helpers.sphinx_build import CONF, DOCS, build_files

import algorithms
from spec.language.parse import program
from spec.language.tree import Consists
from spec.library import algorithms as library
from spec.mistakes import catalogue
from spec.pairing import Code, algorithm_of, implementations, pair

sys.path.insert(0, str(DOCS / "_ext"))

from paired.names_in_code import CodeNames, names
from paired.parameter_records import records
from paired.rungs import RUNGS
from paired.source import lexed

FILES = {
    "conf.py": CONF.replace('"mine"', '"algorithms"') + 'default_role = "literal"\n',
    "wrong.rst": ":orphan:\n\n.. mistakes-at:: 4.5\n",
    "check.rst": ":orphan:\n\nCheck\n=====\n",  # which the page of a mistake names
    "index.rst": """\
Page
====

.. attention-maps::

.. algorithm:: 4

.. algorithm:: 5

Names
-----

.. symbols::

.. py:function:: algorithms.softmax(S)
.. py:class:: algorithms.AttentionParameters
.. helpers:: algorithms

.. _checked-sizes:

Checks
------

.. unmeasured::
""",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    """Two algorithms, and some of what they link to."""
    folder = tmp_path_factory.mktemp("links")
    builds, errors = build_files(folder, FILES)
    assert builds, errors
    return BeautifulSoup((folder / "out/index.html").read_text("utf-8"), "html.parser")


def card(page: BeautifulSoup, id: str) -> Tag:
    found = page.find(id=f"algorithm-{id}")
    assert isinstance(found, Tag)
    return found


def links(part: Tag, selector: str) -> dict[str, str]:
    return {shown(a): str(a["href"]) for a in part.select(f"{selector} a[href]")}


def figures(name: str) -> dict[str, dict[str, int]]:
    data: dict[str, dict[str, int]] = json.loads((DOCS / f"_data/{name}.json").read_text("utf-8"))
    return data


# ---- names ----


def test_a_word_in_pseudocode_leads_to_its_row_in_the_table_of_symbols(
    page: BeautifulSoup,
) -> None:
    assert links(card(page, "4"), ".statement") == {
        "softmax": "#symbol-softmax",
        "Mask": "#symbol-Mask",
    }
    for word in ("softmax", "Mask"):
        symbol = page.find(id=f"symbol-{word}")
        assert isinstance(symbol, Tag)
        assert symbol.find_parent("table", class_="listing") is not None
        assert copied(symbol) == word


def test_a_symbol_leads_to_its_algorithm_and_not_to_itself(page: BeautifulSoup) -> None:
    inner = {str(a["href"]) for a in page.select("[id^=symbol-] a[href]")}
    assert inner == {"#algorithm-4", "#algorithm-5"}


def test_a_symbol_that_is_a_function_leads_to_its_entry(page: BeautifulSoup) -> None:
    symbol = page.find(id="symbol-softmax")
    assert isinstance(symbol, Tag)
    row = symbol.find_parent("tr")
    assert isinstance(row, Tag)
    assert links(row, "td") == {"softmax": "#algorithms.softmax"}


def test_a_name_in_code_leads_to_a_card_or_to_an_entry(page: BeautifulSoup) -> None:
    of_4, of_5 = (links(card(page, id), ".code-row") for id in ("4", "5"))
    helpers = {"namespace": "algorithms.signatures.arrays.namespace"}
    entries = {
        "softmax": "algorithms.softmax",
        "AttentionParameters": "algorithms.AttentionParameters",
        **helpers,
    }
    assert {name: of_4[name] for name in entries} == {
        name: f"#{entry}" for name, entry in entries.items()
    }
    assert of_5["Attention"] == "#algorithm-4"
    assert of_5["per_head"] == "#algorithms.paper.attention.per_head"
    for href in (*of_4.values(), of_5["per_head"]):
        assert page.find(id=href.removeprefix("#")), href


def test_a_function_does_not_lead_to_itself(page: BeautifulSoup) -> None:
    assert "Attention" not in links(card(page, "4"), ".code-row")


def helper() -> int:
    """A function that others name."""
    return 1


def test_a_name_that_the_code_binds_itself_leads_nowhere() -> None:
    def calls() -> int:
        return helper()

    def takes(helper: int) -> int:
        return helper

    def sets() -> int:
        for helper in (1, 2):
            pass
        return helper

    assert CodeNames(calls, "algorithms").value("helper") is helper
    assert CodeNames(takes, "algorithms").value("helper") is None
    assert CodeNames(sets, "algorithms").value("helper") is None
    assert CodeNames(calls, "algorithms").value("Counter") is None  # another package's


def test_an_attribute_and_the_name_of_an_argument_are_no_names() -> None:
    (tokens,) = lexed([Code(1, "y = f(x.f, f=g)  # f")])
    assert [name for _, name in names(tokens)] == ["y", "f", "x", "g"]


# ---- the classes of parameters ----


def test_the_class_of_the_parameters_stands_beside_them(page: BeautifulSoup) -> None:
    for id, fields in (("4", algorithms.AttentionParameters._fields), ("5", ("W_qkv", "W_o"))):
        _, head = card(page, id).select(".head")
        assert head.dt is not None
        assert head.dt.get_text() == "Parameters"
        (first,) = card(page, id).select(".code-row.record")
        chunk = first.find_parent(class_="chunk")
        assert isinstance(chunk, Tag)
        text = chunk.get_text()
        assert all(re.search(rf"^    {field}: ", text, re.MULTILINE) for field in fields)
        (row,) = re.findall(r"--row: (\d+)", str(head["style"]))
        assert f"--row: {row}; --end: {row}" in str(chunk["style"])


def test_a_class_is_shown_with_all_its_fields_and_nothing_else() -> None:
    seen = {}
    for id, function in implementations("algorithms").items():
        pairing = pair(library()[id], function)
        shown = records(pairing)
        spells_out = any(
            isinstance(row.node, Consists)
            for section in program(library()[id]).layout.sections
            if section.name == "Parameters"
            for row in program(library()[id]).section("Parameters")
        )
        assert bool(shown) == spells_out, id
        for record in shown:
            first, *rows = (part.text for part in record.code)
            assert first.startswith(f"class {record.type.__name__}(")
            named = [match[1] for row in rows if (match := re.match(r"    (\w+): ", row))]
            assert tuple(named) == record.type._fields  # type: ignore[attr-defined]
        seen[id] = [record.type.__name__ for record in shown]
    assert seen["10"] == ["DTransformerParameters", "Layer"]
    assert seen["8"] == ["EDTransformerParameters", "EDEncoderLayer", "EDDecoderLayer"]


# ---- mistakes ----


def test_a_line_counts_its_mistakes_and_leads_to_each(page: BeautifulSoup) -> None:
    for id in ("4", "5"):
        counts = Counter(one.line for one in catalogue().values() if one.algorithm == id)
        seen = 0
        for line in library()[id].lines:
            row = page.find(id=f"line-{id}.{line.number}")
            assert isinstance(row, Tag)
            count = counts[f"{id}.{line.number}"]
            word = " mistake" + "s" * (count > 1) if not seen else ""
            seen += count
            shown = [one.get_text() for one in row.select("summary")]
            assert shown == [f"{count}{word}"] * bool(count)
            assert len(row.select("li")) == count
            for summary in row.select("summary"):
                assert f"at line {id}.{line.number}" in str(summary["aria-label"])
    row = page.find(id="line-4.5")
    assert isinstance(row, Tag)
    links = {link.get_text(): link for link in row.select(".mistakes-here a")}
    assert links.keys() == {one.what for one in catalogue().values() if one.line == "4.5"}
    link = links[catalogue()["mask-transposed"].what]
    assert link["href"] == "wrong.html#mistake-mask-transposed"
    assert "title" not in link.attrs  # which would say the same again


def test_the_map_of_a_mistake_leads_to_it(page: BeautifulSoup) -> None:
    (link,) = page.select(".maps figcaption a")  # of the other there is no page here
    assert link["href"] == "wrong.html#mistake-mask-transposed"
    named = re.findall(r'mistake="(.+?)"', (DOCS / "_ext/paired/attention_maps.py").read_text())
    assert len(named) == 2
    assert set(named) <= set(catalogue())


# ---- what has been verified ----


def said(card: Tag) -> dict[str, str]:
    return {
        str(one.dt.get_text()): str(one.dd.get_text())
        for one in card.select(".rungs dl > div")
        if one.dt is not None and one.dd is not None
    }


def test_a_card_says_what_has_been_measured(page: BeautifulSoup) -> None:
    for id in ("4", "5"):
        shown = said(card(page, id))
        assert list(shown) == [rung.name for rung in RUNGS]
        assert f"{figures('ties')[id]['values']:,} values" in shown["Lines"]
        for kind in ("code", "spec"):
            counts = json.loads((DOCS / "_data/mutants.json").read_text("utf-8"))[kind][id]
            assert f"{counts['survives']} of {counts['made']:,}" in shown["Mutants"]
        assert f"{figures('checks')[id]['kinds']} kinds" in shown["Arguments"]
    (link,) = (a for a in card(page, "4").select(".rungs a") if a.get_text() == "Sizes")
    assert link["href"] == "#checked-sizes"


def test_what_lacks_a_figure_is_listed(page: BeautifulSoup) -> None:
    listed = page.select_one(".unmeasured dl")
    assert listed is not None
    rows = {
        str(term.get_text()): {str(a.get_text()) for a in said.select(".reference, .xref, span")}
        for term, said in zip(listed.select("dt"), listed.select("dd"), strict=True)
    }
    public = {algorithm_of(getattr(algorithms, name)) for name in algorithms.__all__} - {None}
    assert rows.get("Lines", set()) == public - set(figures("ties"))
    assert rows["Rounding"] == public - set(figures("errors")["tiny"])
    assert "Sizes" not in rows


def test_every_check_has_a_section() -> None:
    text = (DOCS / "verification.rst").read_text("utf-8")
    for rung in RUNGS:
        assert text.count(f".. _{rung.label}:\n") == 1
        for name in rung.files:
            assert (DOCS / f"_data/{name}.json").exists()


def test_what_is_not_yet_shown_comes_first() -> None:
    text = (DOCS / "verification.rst").read_text("utf-8")
    introduction, first, *_ = re.split(r"^(.+)\n-+\n", text, flags=re.MULTILINE)
    assert first == "Not yet shown"
    paragraph = introduction.strip().split("\n\n")[1]
    assert len(re.findall(r"\.(?=\s|$)", paragraph)) == 3


def test_nothing_is_claimed_where_nothing_was_measured() -> None:
    assert {rung.name: rung.figure("none") for rung in RUNGS if not rung.of_texts} == {
        rung.name: None for rung in RUNGS if not rung.of_texts
    }
