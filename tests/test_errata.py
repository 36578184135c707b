"""Is every departure from the paper listed, and does it point at lines that exist?"""

import pytest

from spec.errata import errata
from spec.library import algorithms

IDS = [f"E{n}" for n in range(1, 9)] + [f"A{n}" for n in range(1, 25)]


def test_every_erratum_is_there_once_and_in_order() -> None:
    assert list(errata()) == IDS


@pytest.mark.parametrize("id", IDS)
def test_an_erratum_says_all_and_points_at_what_exists(id: str) -> None:
    erratum = errata()[id]
    assert erratum.id == id
    library = algorithms()
    places = set(library) | {f"{id}.{line.number}" for id, a in library.items() for line in a.lines}
    assert set(erratum.lines) <= places
    assert len(set(erratum.lines)) == len(erratum.lines)
    for text in (erratum.where, erratum.literal, erratum.reading, erratum.why):
        assert text.strip() == text != ""


def test_the_choices_in_the_texts_are_listed() -> None:
    library = algorithms()
    assert "ε" in library["6"].lines[2].text
    assert "6.3" in errata()["A1"].lines
    assert any("W_u ∈ ℝ^{N_V×d_f}" in row for row in library["9"].section("Parameters"))
    assert "9" in errata()["E1"].lines
