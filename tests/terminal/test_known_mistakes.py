"""Is there all that is to know of a mistake, and is every mistake listed, at its line?"""

import re

import pytest
from helpers.cases import REFERENCE
from helpers.printed import rows

from spec.library import algorithms
from spec.mistakes import catalogue
from spec.mistakes.catalogue import by_line

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too


@pytest.mark.parametrize("name", ["mask-transposed", "Mask_Transposed"])
def test_a_mistake_is_explained(run, name):
    printed = rows(run("show", name))
    assert printed[0] == "mask-transposed Algorithm 4 with the mask transposed"
    assert printed[3].startswith("4.5 ∀ t_z, t_x: if ¬Mask[t_x, t_z] then")
    assert printed[4] == "The arrays fit together only where ℓ_x = ℓ_z."
    assert [row.partition(":")[0] for row in printed[5:]] == [
        "What it does", "Why it happens", "How to tell",
    ]  # fmt: skip
    assert "left out" in run("show", "mask-after-softmax")


def listed(out):
    """The line, the name and the description of each mistake in a list."""
    found = [re.match(r"(\S+\.\d+) ([\w-]+) (.+)", row) for row in rows(out)]
    return [row.groups() for row in found if row]


def described(mistake):
    return mistake.what + " (not an error)" * (mistake.kind == "difference")


def counted(mistakes):
    differences = sum(mistake.kind == "difference" for mistake in mistakes)
    return f"{len(mistakes) - differences} mistakes, and {differences} documented differences, "


@pytest.mark.parametrize("columns", [200], indirect=True)
def test_every_mistake_is_listed_at_its_line_with_what_it_is(run, columns):
    out = run("list", "--mistakes")
    known = [mistake for mistakes in by_line().values() for mistake in mistakes]
    assert {mistake.id for mistake in known} == catalogue().keys()
    assert listed(out) == [(one.line, one.id, described(one)) for one in known]
    assert rows(out)[-1].startswith(counted(known))


@pytest.mark.parametrize("columns", [200], indirect=True)
@pytest.mark.parametrize("id", algorithms())
def test_the_mistakes_of_one_algorithm_are_listed(run, columns, id):
    out = run("list", "--mistakes", id)
    known = [one for each in by_line().values() for one in each if one.algorithm == id]
    assert [name for _, name, _ in listed(out)] == [one.id for one in known]
    none = f"No known mistake is made in Algorithm {id}."
    assert rows(out)[-1].startswith(counted(known) if known else none)


def test_mistakes_stand_in_the_order_of_lines_and_before_differences():
    lines = [f"{id}.{line.number}" for id, text in algorithms().items() for line in text.lines]
    assert [*by_line()] == [line for line in lines if line in by_line()]
    for mistakes in by_line().values():
        kinds = [mistake.kind for mistake in mistakes]
        assert kinds == sorted(kinds, key=["mistake", "difference"].index)


@pytest.mark.parametrize("id", algorithms())
def test_a_line_is_shown_with_its_code_and_its_mistakes(run, id):
    for line in algorithms()[id].lines:
        at = f"{id}.{line.number}"
        out = run("show", at)
        assert out.startswith(f"Algorithm {id}  ")
        tags = re.findall(r"# (\S+\.\d+\b.*)", out)
        assert bool(tags) == (not line.ends and id in REFERENCE)
        assert re.search(rf"^{line.number} ", out, re.MULTILINE)
        assert [name for _, name, _ in listed(out)] == [one.id for one in by_line().get(at, ())]
        assert ("No known mistake is made in line" in out) == (at not in by_line())


def test_a_line_shows_the_statements_that_carry_it_out_and_no_others(run):
    code = [row.partition("│")[2].strip() for row in run("show", "attention.2").split("\n")]
    assert [row for row in code if "#" in row] == ["K = W_k @ Z + b_k[..., None]  # 4.2"]


@pytest.mark.parametrize("line", ["4.0", "4.7"])
def test_a_line_that_does_not_exist_is_refused(refused, line):
    message = refused("show", line)
    assert message == f"there is no line {line}: Attention (4) ends with line 4.6"


def test_a_line_without_a_statement_says_so(run, user_module):
    out = run("show", "4.3", "--implementation", user_module)
    assert "Carried out by no statement: 4.3" in out
    assert "4.5" not in out
    assert "Tags of no line" not in run("show", "6.1", "--implementation", user_module)
    out = run("show", "5.3", "--implementation", user_module)
    assert f"{user_module} has no function for Algorithm 5." in out
    assert "Y ← [Y^1; Y^2; …; Y^H]" in out
    assert "Ṽ" not in out.split("\n\n", 1)[1].split(user_module)[0]
