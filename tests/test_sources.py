"""Do docstrings and the table of sources say the same, and is the table BibTeX?"""

import ast
import re
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

import spec.sources
from spec.sources import named, quoted, source_text, sources, the_paper, this_software

ROOT = Path(__file__).parents[1]

#: The text after "Source:" of every function and class of the reference that has one.
TEXTS = {
    text: docstring
    for path in sorted((ROOT / "algorithms").rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    if (docstring := ast.get_docstring(node)) and (text := source_text(docstring))
}


@pytest.mark.parametrize("text", TEXTS)
def test_every_work_that_a_docstring_names_is_in_the_table_once(text):
    unquoted = re.sub(r'"[^"]*"|\*[^*]*\*', "", text)
    years = re.findall(r"\b(?:1[6-9]|20)\d\d\b", unquoted)
    found = named(TEXTS[text])
    assert [source.fields["year"] for source in found if repeated(text, source)] == years


def repeated(text, source):
    """Whether authors and year stand in front of the title: of two works they may stand once."""
    both = [one for one in named(TEXTS[text]) if one.short == source.short]
    return source == both[0]


@pytest.mark.parametrize("text", TEXTS)
def test_a_title_in_a_docstring_begins_that_of_a_work_of_the_table(text):
    titles = re.findall(r'(?:\d{4},|section \d\.\d, and) (?:"([^"]+?),?"|\*([^*]+)\*)', text)
    for title in chain.from_iterable(titles):
        assert any(source.title.startswith(title) for source in named(TEXTS[text])), title


def test_every_work_of_the_table_is_named_somewhere():
    keys = {source.key for docstring in TEXTS.values() for source in named(docstring)}
    assert keys == {*sources()}


def test_two_works_of_one_year_and_the_same_authors_are_told_apart_by_their_titles():
    assert [source.key for source in named('Source: Touvron et al. 2023, "Llama 2".')] == [
        "touvron2023llama2"
    ]
    twice = Counter(source.short for source in sources().values())
    assert {"Touvron et al. 2023", "Chen et al. 2023"} == {one for one in twice if twice[one] > 1}


@pytest.mark.parametrize(
    ("authors", "short"),
    [
        ("Noam Shazeer", "Shazeer 2020"),
        ("Biao Zhang and Rico Sennrich", "Zhang & Sennrich 2020"),
        ("Gail Weiss and Yoav Goldberg and Eran Yahav", "Weiss, Goldberg & Yahav 2020"),
        ("Yi Tay and others", "Tay et al. 2020"),
        ("A B and C D and E F and G H", "B et al. 2020"),
        ("{DeepSeek-AI}", "DeepSeek-AI 2020"),
    ],
)
def test_authors_within_a_sentence(authors, short):
    assert spec.sources.Source("", "misc", {"author": authors, "year": "2020"}).short == short


def test_no_author_is_found_within_a_pair_of_others():
    assert named("Source: Somebody & Shazeer 2019.") == ()
    assert named("Nobody says where this is from, Shazeer 2019.") == ()


def test_an_entry_is_bibtex():
    for source in (*sources().values(), this_software()):
        entry = source.bibtex()
        assert entry.startswith(f"@{source.type}{{{source.key},\n  author = {{")
        assert entry.endswith("},\n}\n")
        assert entry.count("{") == entry.count("}")
        assert not re.search(r"(?<!\\)[&%#_]", re.sub(r"url = .*", "", entry))
    gqa = sources()["ainslie2023gqa"].bibtex()
    assert "  title = {{GQA: Training" in gqa
    assert "  eprint = {2305.13245},\n  archiveprefix = {arXiv},\n" in gqa


def test_what_an_entry_was_compared_with_is_an_address_and_no_field_of_bibtex():
    for source in sources().values():
        assert "compared" not in source.bibtex()
        if source.compared:
            assert re.fullmatch(r"https://[\w.-]+\.\w+/\S+", source.compared), source.key


def test_an_entry_that_was_compared_names_every_author():
    for source in sources().values():
        assert not (source.compared and source.fields["author"].endswith(" others")), source.key


def test_pages_are_a_range_and_an_identifier_of_arxiv_is_of_the_year_or_the_two_before():
    for source in sources().values():
        first, _, last = source.fields.get("pages", "1--2").partition("--")
        assert int(first) < int(last), source.key
        if eprint := source.fields.get("eprint"):
            assert re.fullmatch(r"\d{4}\.\d{4,5}", eprint), source.key
            assert 0 <= int(source.fields["year"]) - 2000 - int(eprint[:2]) <= 2, source.key


def test_what_is_cited_is_what_the_citation_file_says():
    written = (ROOT / "CITATION.cff").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    software, paper = this_software(), the_paper()
    assert f"version: {project['version']}\n" in written
    assert software.fields["version"] == project["version"]
    assert software.title == f"{project['name']}: {project['description']}"
    assert f'title: "{software.title}"\n' in written
    assert f'name: "{software.fields["author"].strip("{}")}"\n' in written
    assert f'title: "{paper.title}"\n' in written
    assert f"year: {paper.fields['year']}\n" in written
    assert f"arXiv:{paper.fields['eprint']}" in written
    for author in paper.fields["author"].split(" and "):
        given, family = author.split()
        assert f"- family-names: {family}\n        given-names: {given}\n" in written


def test_a_checkout_that_is_not_installed_is_cited_by_its_name(monkeypatch):
    def missing(name):
        raise spec.sources.PackageNotFoundError(name)

    monkeypatch.setattr("spec.sources.metadata", missing)
    assert this_software().bibtex().startswith("@software{formal-transformers,")


def test_titles_stand_in_quotation_marks_or_between_stars():
    assert quoted('A 2020, "One, or two," and B 1999, *Three*.') == ["One, or two", "Three"]
