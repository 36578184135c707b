"""Does `show --latex` print LaTeX as it is, at any width and with no colours?"""

import pytest

from spec.library import programs
from spec.render.algpseudocode import algpseudocode


@pytest.mark.parametrize("columns", [40, 160], indirect=True)
@pytest.mark.parametrize(("name", "id"), [("4", "4"), ("dtransformer", "10"), ("grad5", "∇5")])
def test_an_algorithm_is_printed_as_it_is_written(run, columns, name, id):
    assert run("show", name, "--latex") == algpseudocode(programs()[id])


def test_a_line_is_printed_with_its_formulas_in_dollars(run):
    assert run("show", "--latex", "4.4") == "$S\\gets K^{\\mathsf{T}}\\,Q$\n"
    assert run("show", "DTransformer.9", "--latex") == "\\textbf{end}\n"


def test_what_is_no_algorithm_and_no_line_is_refused(refused):
    assert "there is no line 4.7" in refused("show", "4.7", "--latex")
    assert "there is no Algorithm mask-transposed" in refused("show", "mask-transposed", "--latex")
