"""Are the texts found, and are the paper's what the paper numbers?"""

import re
import unicodedata
from pathlib import Path

import pytest

from spec import library
from spec.language.alg_file import Algorithm, LayoutError
from spec.library import (
    LibraryError,
    algorithms,
    collect,
    example,
    id_of,
    paper,
    read_example,
)
from spec.pairing import implementations

# The paper's fifteen

LINES = [1, 1, 5, 6, 4, 3, 1, 21, 12, 11, 9, 13, 9, 8, 9]
CALLED = {
    "4": "Attention", "5": "MHAttention", "6": "layer_norm",
    "8": "EDTransformer", "9": "ETransformer", "10": "DTransformer",
    "11": "EDTraining", "12": "ETraining", "13": "DTraining",
    "14": "DInference", "15": "EDInference",
}  # fmt: skip


def test_the_papers_fifteen_come_first_and_in_order() -> None:
    assert paper() == tuple(map(str, range(1, 16)))
    assert tuple(algorithms())[:15] == paper()


def test_they_have_the_papers_113_lines() -> None:
    assert [len(algorithms()[id].lines) for id in paper()] == LINES
    assert sum(LINES) == 113


def test_the_named_ones_carry_the_papers_names() -> None:
    named = {id: algorithms()[id] for id in paper() if algorithms()[id].signature is not None}
    assert {id: text.title for id, text in named.items()} == CALLED


@pytest.mark.parametrize("id", [id for id in paper() if int(id) >= 8])
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


# Every text


@pytest.fixture(params=algorithms())
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    return algorithms()[request.param]


def test_a_text_is_named_by_its_number_and_title(algorithm: Algorithm) -> None:
    number, _, title = Path(algorithm.path).stem.partition("-")
    assert number == algorithm.id.zfill(2)
    assert re.sub(r"\W|_", "", algorithm.title.lower()).startswith(title.split("-")[0])


def test_a_text_says_what_goes_in_and_comes_out(algorithm: Algorithm) -> None:
    assert algorithm.comment is not None
    assert algorithm.section("Input")
    assert algorithm.section("Output")


# Folders of texts


def put(folder: Path, name: str, id: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"Algorithm {id}: Nothing\n\n1  return x\n", encoding="utf-8")


def test_texts_are_found_in_folders_below(tmp_path: Path) -> None:
    put(tmp_path, "gradients/deeper/first.alg", "∇4")
    for name, id in [("a", "12"), ("b", "N10"), ("c", "2"), ("d", "K1"), ("e", "N2")]:
        put(tmp_path, f"{name}.alg", id)
    (tmp_path / "notes.txt").write_text("not an algorithm", encoding="utf-8")
    found = collect(tmp_path)
    assert list(found) == ["2", "12", "K1", "N2", "N10", "∇4"]
    assert found["∇4"].path == "gradients/deeper/first.alg"


def test_only_the_texts_of_its_folder_are_the_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "paper/16-more.alg", "16")
    put(tmp_path, "extensions/N1-norm.alg", "N1")
    put(tmp_path, "17-stray.alg", "17")
    monkeypatch.setattr(library, "algorithms", lambda: collect(tmp_path))
    assert paper() == ("16",)


def test_two_texts_of_one_id_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.alg", "4")
    put(tmp_path, "b.alg", "4")
    with pytest.raises(LibraryError, match=r"^a\.alg and b\.alg both hold an Algorithm 4$"):
        collect(tmp_path)


@pytest.mark.parametrize("id", ["RMS1", "rms", "N", "n1", "N01", "0", "04", "∇N1", "∇∇4", "4b"])
def test_an_id_of_another_form_is_refused(tmp_path: Path, id: str) -> None:
    put(tmp_path, "a.alg", id)
    forms = "a number, 4, or ∇ and a number, ∇4, or a capital letter and a number, N1"
    with pytest.raises(LayoutError, match=rf"^a\.alg, row 1 has the id {id}, want {forms}: "):
        collect(tmp_path)


# Examples


def example_in(folder: Path, toml: str) -> dict[str, object]:
    put(folder, "extensions/N1-norm.alg", "N1")
    (folder / "extensions/N1-norm.toml").write_text(toml, encoding="utf-8")
    return read_example(folder, collect(folder)["N1"])


def test_an_example_is_what_stands_beside_the_text(tmp_path: Path) -> None:
    rows = example_in(
        tmp_path,
        'seed = 3\nturns = 2\nsizes = { d_e = 4, "ℓ" = 2 }\nvalues = { "ε" = 0.5 }\n'
        "[picture]\nseeds = [1, 2]\n"
        '[[survivor]]\nkind = "drop"\nline = 1\nafter = "return x"\nreason = "why not"\n',
    )
    assert rows == {
        "seed": 3,
        "turns": 2,
        "sizes": {"d_e": 4, "ℓ": 2},
        "values": {"ε": 0.5},
        "picture": {"seeds": [1, 2]},
        "survivor": [{"kind": "drop", "line": 1, "after": "return x", "reason": "why not"}],
    }


def test_letters_of_an_example_are_the_same_however_they_were_typed(tmp_path: Path) -> None:
    typed = unicodedata.normalize("NFD", '[values]\n"x̂Ṽ" = 1\n')
    assert example_in(tmp_path, typed) == {"values": {"x̂Ṽ": 1}}


def test_a_text_without_an_example_has_an_empty_one(tmp_path: Path) -> None:
    put(tmp_path, "N1-norm.alg", "N1")
    assert read_example(tmp_path, collect(tmp_path)["N1"]) == {}
    assert all(isinstance(dict(example(id)), dict) for id in algorithms())


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("sizs = {}", r"an example has no key sizs; there are sizes, seed, turns, values, "),
        ("seed = 1\nN1 = 2", r"an example has no key N1; there are sizes, "),
        ("seed 1", r"Expected '=' after a key"),
    ],
)
def test_an_example_that_makes_no_sense_is_refused(tmp_path: Path, toml: str, problem: str) -> None:
    with pytest.raises(LibraryError, match=rf"^extensions/N1-norm\.toml: {problem}"):
        example_in(tmp_path, toml)


def test_an_example_beside_no_text_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "extensions/N1-norm.alg", "N1")
    (tmp_path / "extensions/N1-nrom.toml").write_text("", encoding="utf-8")
    (tmp_path / "symbols.toml").write_text("", encoding="utf-8")  # where there is no text at all
    path = "extensions/N1-nrom"
    with pytest.raises(LibraryError, match=rf"^{path}.toml is the example of no text; {path}.alg"):
        collect(tmp_path)


def test_there_is_no_example_of_an_algorithm_that_does_not_exist() -> None:
    with pytest.raises(LibraryError, match=r"^there is no Algorithm Z9; there are 1, 2, 3, "):
        example("Z9")


# Names


@pytest.mark.parametrize("id", algorithms())
def test_an_algorithm_has_its_id_its_title_and_its_functions_name(id: str) -> None:
    title, function = algorithms()[id].title, implementations("algorithms").get(id)
    for name in (id, title, *([] if function is None else [function.__name__])):
        for written in (name, name.upper(), name.lower(), f" {name} ", name.replace("_", "-")):
            assert id_of(written) == id
    assert not id.isdecimal() or id_of(int(id)) == id


@pytest.mark.parametrize(
    "name", ["grad4", "Grad 4", "grad attention", "attention_pullback", "∇ATTENTION"]
)
def test_a_nabla_can_be_typed_in_letters(name: str) -> None:
    assert id_of(name) == "∇4"
    assert id_of("grad norm") == "∇6"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("norm", "did you mean layer_norm (6) or rms_norm (N1)?"),  # the last word of both
        ("Embedding", "did you mean Token embedding (1) or Positional embedding (2)?"),
        ("dtransfomer", "did you mean DTransformer (10), EDTransformer (8) or ETransformer (9)?"),
        ("", "there are 1, 2, 3,"),
        ("_", "there are 1, 2, 3,"),
        ("1.5", "there are 1, 2, 3,"),
    ],
)
def test_the_name_of_no_algorithm_or_of_several_is_refused(name: str, near: str) -> None:
    with pytest.raises(LibraryError, match=f"^there is no Algorithm {name}; {re.escape(near)}"):
        id_of(name)
