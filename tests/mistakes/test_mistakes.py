"""Is every mistake of the catalogue one: does it run, and differ from all others?"""

from __future__ import annotations

import builtins
import dataclasses
import math
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.paper import ENDING, INDEXED, MASKED, PAPER, RANDOM, TRAINING

from spec.domains import Floats
from spec.expected.result import floating_point_result
from spec.inputs.arguments import Adapter, Arguments, draw_arguments
from spec.inputs.draw import draw
from spec.inputs.formats import FORMATS
from spec.inputs.size_table import size_table
from spec.inputs.variations import Variation
from spec.language import alg_file
from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.language.parse import program
from spec.language.plain_text import text
from spec.language.types import Tokens
from spec.library import checked
from spec.machine import Machine, MachineError
from spec.mistakes import CatalogueError, Mistake, catalogue, edited
from spec.mistakes.catalogue import parse
from spec.mistakes.edit import with_rows

ROOT = Path(__file__).parents[2]
VISIBLE = 1e-6  # of the largest entry

Equal = frozenset[tuple[str, str]]


def sizes(id: str, equal: Equal) -> dict[str, int] | None:
    """Sizes that are equal where they are to be, if there are any; small for whole transformers.

    But ℓ_max holds both sequences, since there is a mistake that continues the positions of one in
    the other; and where tokens are drawn there are few, so that a text may end.
    """
    usual = size_table()
    found = dict(usual)
    if any(isinstance(type, Tokens) for _, type in checked()[id].header.inputs):
        small = size_table("small" if id not in RANDOM else "least")
        found = {**small, "ℓ_max": usual["ℓ_max"], "length(x)": 3, "length(z)": 5}
    if id in RANDOM:
        found["N_V"] = 5
    for _ in found:
        before = dict(found)
        for size, other in sorted(equal):
            if other in found:
                found[size] = found[other] = max(found[size], found[other])
            else:
                found[size] = math.prod(found[name] for name in other.split(" "))
        if found == before:
            return found
    return None


@cache
def drawn(id: str, equal: Equal) -> tuple[Arguments, ...] | None:
    """What a mistake runs on: anything, and where it is known to show."""
    of = sizes(id, equal)
    if of is None:
        return None
    values = {"bos_token": 1, "eos_token": 2} if id in ENDING else {}
    # Where a run says little, or an index may be out of bounds, there are several.
    seeds = 12 if id in RANDOM else 3 if id in INDEXED else 1
    kinds = [Variation("drawn", of, values, seed) for seed in range(seeds)]
    if id in MASKED:
        kinds.append(Variation("a token that may attend to nothing", of, mask="empty column"))
    if "ε" in map(str, checked()[id].header.hyperparameters):
        kinds.append(Variation("a small variance, and no ε", of, {"ε": 0}, scale=2.0**-20))
    adapter = Adapter("the pseudocode", lambda *_: None)
    return tuple(draw_arguments(checked(), id, kind, FORMATS["float64"], adapter) for kind in kinds)


def run(algorithms: Mapping[str, Checked], arguments: Arguments) -> Any:
    """The result, if there is one; an index may be out of bounds."""
    try:
        (result,) = floating_point_result(arguments, algorithms).arrays
    except MachineError:
        return None
    return np.array(result.entries, dtype=float)


@cache
def made(id: str) -> Mapping[str, Checked]:
    return edited(catalogue()[id], checked())


@cache
def results(id: str, mistake: str | None, equal: Equal) -> tuple[Any, ...] | None:
    """The results of an algorithm, as it is or with a mistake, at sizes that are equal."""
    arguments = drawn(id, equal)
    if arguments is None:
        return None
    algorithms = checked() if mistake is None else made(mistake)
    return tuple(run(algorithms, one) for one in arguments)


def differ(first: Iterable[Any], second: Iterable[Any]) -> bool:
    """Whether one result at least is visibly another."""
    for a, b in zip(first, second, strict=True):
        if a is None or b is None:
            continue
        if a.shape != b.shape or (np.isnan(a) != np.isnan(b)).any():
            return True
        if np.nanmax(np.abs(a - b)) > VISIBLE * np.nanmax(np.abs(a)):
            return True
    return False


def equal(*mistakes: Mistake) -> Equal:
    return frozenset(pair for one in mistakes for pair in one.equal.items())


# The catalogue


def test_there_are_some_of_every_algorithm() -> None:
    of = Counter(one.algorithm for one in catalogue().values())
    assert of.keys() >= set(PAPER) - TRAINING
    assert min(of.values()) >= 2


@pytest.mark.parametrize("id", catalogue())
def test_a_mistake_is_an_algorithm_that_differs(id: str) -> None:
    one = catalogue()[id]
    right, wrong = (results(one.algorithm, made, equal(one)) for made in (None, id))
    assert right is not None
    assert wrong is not None
    assert any(result is not None for result in wrong)
    assert differ(right, wrong)


@pytest.mark.parametrize("id", catalogue())
def test_a_mistake_is_no_other_mistake(id: str) -> None:
    one = catalogue()[id]
    for other in catalogue().values():
        if other.algorithm == one.algorithm and other.id > id:
            both = equal(one, other)
            ours, theirs = (results(one.algorithm, mistake, both) for mistake in (id, other.id))
            if ours is None or theirs is None:
                assert {id, other.id} in APART
            else:
                assert differ(ours, theirs), f"{id} is {other.id}"


#: No sizes with several heads fit both.
APART = (
    {"heads-averaged", "output-projection-missing"},
    {"heads-averaged", "output-projection-transposed"},
)


@pytest.mark.parametrize("id", catalogue())
def test_an_edit_is_written_and_read_as_the_files_are(id: str) -> None:
    for algorithm in (one for name, one in made(id).items() if one is not checked().get(name)):
        lines = list(algorithm.program.lines)
        assert [line.layout.text for line in lines] == [text(line.statement) for line in lines]
        # What is not read again is as if it were.
        assert algorithm.program == program(algorithm.program.layout)
        assert len({builtins.id(line.statement) for line in lines}) == len(lines)


#: The mask that is handed on is square, which the pseudocode of a mask does not say.
SQUARE = {"causal-mask-on-context-8"}


@pytest.mark.parametrize("id", sorted(catalogue().keys() - SQUARE))
def test_a_mistake_has_sizes_of_its_own_only_if_it_needs_them(id: str) -> None:
    one = catalogue()[id]
    for size in one.equal:
        fewer = {key: value for key, value in one.equal.items() if key != size}
        try:
            without = edited(dataclasses.replace(one, equal=fewer), checked())
        except SpecError:
            continue
        assert len(without[one.algorithm].open) > len(made(id)[one.algorithm].open)


@pytest.mark.parametrize("id", catalogue())
def test_what_is_said_of_a_mistake_fits_its_sentence(id: str) -> None:
    one = catalogue()[id]
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", id)
    for said in (one.what, one.why, one.effect, one.tell):
        assert " ".join(said.split()) == said
    # It stands within a sentence, and names no line: the line is told beside it.
    assert not re.match(r"[A-Z][a-z]+\b", one.what)
    assert not re.search(r"\.$|\bline\b", one.what)
    assert all(said.endswith(".") for said in (one.why, one.effect, one.tell))
    assert sentences(one.tell) == 1
    assert max(sentences(one.why), sentences(one.effect)) <= 2


def sentences(said: str) -> int:
    return len(re.findall(r"\.(?: |$)", said))


def test_no_two_are_said_in_the_same_words() -> None:
    said = Counter((one.algorithm, one.what) for one in catalogue().values())
    assert max(said.values()) == 1


def test_every_helper_is_called() -> None:
    used = {text for one in catalogue().values() for text in one.helpers}
    file = files("spec.mistakes").joinpath("mistakes.toml")
    assert used == set(tomllib.loads(file.read_text(encoding="utf-8"))["helpers"].values())


def test_flint_is_not_needed() -> None:
    code = "import sys; sys.modules['flint'] = None; import spec.mistakes.mutants"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# What is no catalogue

ENTRY = """
[[mistake]]
id = "mask-forgotten"
line = "4.5"
kind = "mistake"
what = "no mask"
why = "Why."
effect = "What for."
tell = "How."
[mistake.edits]
"4.5" = ""
"""


def test_an_entry_is_read() -> None:
    (one,) = parse(ENTRY).values()
    assert (one.id, one.line, one.algorithm, one.kind) == ("mask-forgotten", "4.5", "4", "mistake")
    assert (one.edits, one.equal, one.helpers) == ({"4.5": ""}, {}, ())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("", ENTRY, "mistake mask-forgotten: there are two"),
        ("\n[[", "of = 1\n[[", "mistakes.toml: of means nothing"),
        ('id = "mask-forgotten"\n', "", "mistake without an id: it has no id"),
        ("tell", "told", "mistake mask-forgotten: told means nothing"),
        ('tell = "How."\n', "", "mistake mask-forgotten: it has no tell"),
        (
            '"mistake"',
            '"error"',
            "mistake mask-forgotten: its kind is not one of mistake, difference",
        ),
        ('line = "4.5"', 'line = "4.4"', "mistake mask-forgotten: no edit is of its line 4.4"),
        ('= ""', '= ""\n"4.7" = ""', "mistake mask-forgotten: there is no line 4.7"),
        ("tell", 'helpers = ["f"]\ntell', "mistake mask-forgotten: there is no helper f"),
    ],
)
def test_an_entry_that_is_out_of_form_is_refused(old: str, new: str, problem: str) -> None:
    with pytest.raises(CatalogueError, match=f"^{re.escape(problem)}$"):
        parse(ENTRY.replace(old, new) if old else ENTRY + new)


# Edits


def rows(id: str, edits: Mapping[int, str]) -> list[str]:
    written = alg_file.write(with_rows(checked()[id].program.layout, edits)).split("\n\n")[1]
    return written.rstrip("\n").split("\n")


def test_rows_stand_in_place_of_a_line_and_all_are_numbered_anew() -> None:
    assert rows("5", {2: "for t ∈ [ℓ_x]:\n    Y^h ← X", 3: "", 4: "return Ṽ ▷ Ṽ ∈ ℝ"}) == [
        "1  for h ∈ [H]:",
        "2      for t ∈ [ℓ_x]:",
        "3          Y^h ← X",
        "4  return Ṽ                                                 ▷ Ṽ ∈ ℝ",
    ]


def test_a_comment_stands_above_the_first_of_the_rows() -> None:
    new = rows("8", {1: "ℓ ← 1\nℓ_z ← ℓ"})
    assert new[:3] == ["   /* encode the context sequence */", "1  ℓ ← 1", "2  ℓ_z ← ℓ"]


def test_rows_that_open_no_block_leave_the_next_lines_out_of_step() -> None:
    with pytest.raises(alg_file.LayoutError, match="is out of step"):
        rows("5", {1: "Y ← X"})


def test_what_a_mistake_calls_is_checked_with_it() -> None:
    algorithms = made("tanh-gelu-10")
    (helper,) = algorithms.keys() - checked().keys()
    assert algorithms[helper].header.function == "tanhGELU"
    assert algorithms["9"] is checked()["9"]


def test_a_run_in_which_sizes_are_not_as_a_mistake_needs_them_says_so() -> None:
    inputs = draw(checked(), "4", np.random.default_rng(0), {"ℓ_x": 2, "ℓ_z": 3})
    machine = Machine(made("mask-transposed"), Floats())
    with pytest.raises(MachineError, match="requires ℓ_x = ℓ_z, not ℓ_x = 2, ℓ_z = 3"):
        machine.run("4", inputs.inputs, inputs.parameters)
