"""Is every departure from the paper listed, and does it point at lines that exist?"""

import pytest

from spec.errata import Erratum, errata, parse
from spec.library import algorithms

IDS = [f"E{n}" for n in range(1, 9)] + [f"A{n}" for n in range(1, 16)]


def dangling(erratum: Erratum) -> list[str]:
    """Return the lines and algorithms of an erratum that do not exist."""
    library = algorithms()
    places = set(library) | {f"{id}.{line.number}" for id, a in library.items() for line in a.lines}
    return [line for line in erratum.lines if line not in places]


def test_every_erratum_is_there_once_and_in_order() -> None:
    assert list(errata()) == IDS


@pytest.mark.parametrize("id", IDS)
def test_an_erratum_says_all_and_points_at_what_exists(id: str) -> None:
    erratum = errata()[id]
    assert erratum.id == id
    assert dangling(erratum) == []
    assert len(set(erratum.lines)) == len(erratum.lines)
    for text in (erratum.where, erratum.literal, erratum.reading, erratum.why):
        assert text.strip() == text != ""


def test_a_line_that_does_not_exist_is_seen() -> None:
    row = 'where=""\nliteral=""\nreading=""\nwhy=""\nlines=["4.7", "4.6", "16", "15"]'
    assert dangling(parse(f"[E1]\n{row}")["E1"]) == ["4.7", "16"]


def test_an_erratum_that_lacks_a_part_is_refused() -> None:
    with pytest.raises(TypeError, match="literal"):
        parse('[E1]\nwhere=""\nlines=[]\nreading=""\nwhy=""')


def test_the_choices_in_the_texts_are_listed() -> None:
    library = algorithms()
    assert "ε" in library["6"].lines[2].text
    assert "6.3" in errata()["A1"].lines
    assert any("W_u ∈ ℝ^{N_V×d_f}" in row for row in library["9"].section("Parameters"))
    assert "9" in errata()["E1"].lines
