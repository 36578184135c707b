"""Are the texts of the specification what the paper numbers?"""

import re
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest

from spec.language.alg_file import Algorithm, write
from spec.library import LibraryError, algorithms, collect

LINES = {
    "1": 1,
    "2": 1,
    "3": 5,
    "4": 6,
    "5": 4,
    "6": 3,
    "7": 1,
    "8": 21,
    "9": 12,
    "10": 11,
    "11": 9,
    "12": 13,
    "13": 9,
    "14": 8,
    "15": 9,
}
CALLED = {
    "4": "Attention",
    "5": "MHAttention",
    "6": "layer_norm",
    "8": "EDTransformer",
    "9": "ETransformer",
    "10": "DTransformer",
    "11": "EDTraining",
    "12": "ETraining",
    "13": "DTraining",
    "14": "DInference",
    "15": "EDInference",
}


@pytest.fixture(params=LINES)
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    return algorithms()[request.param]


def test_the_papers_fifteen_come_first_and_in_order() -> None:
    assert list(algorithms())[:15] == list(LINES)


def test_they_have_the_papers_113_lines() -> None:
    found = {id: len(algorithms()[id].lines) for id in LINES}
    assert found == LINES
    assert sum(found.values()) == 113


def test_the_named_ones_carry_the_papers_names() -> None:
    found = {id: a.title for id, a in algorithms().items() if a.signature is not None}
    assert {id: found[id] for id in found if id in LINES} == CALLED


def test_a_text_is_what_the_writer_writes(algorithm: Algorithm) -> None:
    text = files("spec").joinpath(algorithm.path).read_text(encoding="utf-8")
    assert write(algorithm) == text
    assert unicodedata.is_normalized("NFC", text)


def test_a_text_is_named_by_its_number_and_title(algorithm: Algorithm) -> None:
    number, _, title = Path(algorithm.path).stem.partition("-")
    assert number == algorithm.id.zfill(2)
    assert re.sub(r"\W|_", "", algorithm.title.lower()).startswith(title.split("-")[0])


def test_a_text_says_what_goes_in_and_comes_out(algorithm: Algorithm) -> None:
    assert algorithm.comment is not None
    assert algorithm.section("Input")
    assert algorithm.section("Output")


@pytest.mark.parametrize("id", [id for id in LINES if int(id) >= 8])
def test_what_takes_a_sequence_requires_a_length(id: str) -> None:
    required = ", ".join(algorithms()[id].section("Requires"))
    given = " ".join(algorithms()[id].section("Input"))
    for sequence in set(re.findall(r"\b[xz](?:_n)?\b", given.split("∈ V*")[0])):
        assert f"1 ≤ length({sequence})" in required  # A3
        assert re.search(rf"(?<!1 ≤ )length\({sequence}\).* ≤ ℓ_max", required)  # A4


def test_algorithm_8_keeps_the_papers_section_comments() -> None:
    comments = {line.number: line.comment for line in algorithms()["8"].lines if line.comment}
    assert comments == {
        1: "encode the context sequence",
        10: "decode the primary sequence",
        21: "derive the conditional probabilities",
    }


def test_the_loop_variable_of_the_decoder_indexes_its_parameters() -> None:
    decoder = algorithms()["8"].lines[13:19]  # E2
    assert not any(re.search(r"[_^]l\b", line.text) for line in decoder)


def test_texts_are_found_in_folders_below(tmp_path: Path) -> None:
    below = tmp_path / "gradients" / "deeper"
    below.mkdir(parents=True)
    (below / "first.alg").write_text(minimal("∇4"), encoding="utf-8")
    (tmp_path / "last.alg").write_text(minimal("12"), encoding="utf-8")
    (tmp_path / "two.alg").write_text(minimal("2"), encoding="utf-8")
    (tmp_path / "ours.alg").write_text(minimal("K1"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not an algorithm", encoding="utf-8")
    found = collect(tmp_path)
    assert list(found) == ["2", "12", "K1", "∇4"]
    assert found["∇4"].path == "gradients/deeper/first.alg"


def test_two_texts_of_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.alg").write_text(minimal("4"), encoding="utf-8")
    (tmp_path / "b.alg").write_text(minimal("4"), encoding="utf-8")
    with pytest.raises(LibraryError, match=r"^a\.alg and b\.alg both hold an Algorithm 4$"):
        collect(tmp_path)


def minimal(id: str) -> str:
    return f"Algorithm {id}: Nothing\n\n1  return x\n"
