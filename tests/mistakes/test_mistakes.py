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
from helpers.paper import ENDING, INDEXED, MASKED, MODELS, PAPER, RANDOM, TRAINING

from spec.domains import Floats
from spec.expected.result import floating_point_result
from spec.inputs.arguments import Adapter, Arguments, draw_arguments
from spec.inputs.draw import draw
from spec.inputs.formats import FORMATS
from spec.inputs.size_table import size_table
from spec.inputs.variations import Variation, sizes_in
from spec.language import alg_file
from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.language.parse import program
from spec.language.plain_text import text
from spec.language.types import Tokens
from spec.library import checked, example
from spec.machine import Machine, MachineError
from spec.mistakes import CatalogueError, Mistake, catalogue, edited
from spec.mistakes.catalogue import parse
from spec.mistakes.edit import with_rows

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

ROOT = Path(__file__).parents[2]
VISIBLE = 1e-12  # of the largest entry

#: What either of two stacks has more of, and the other's.
MIRRORED = {"L_enc": "L_dec", "L_dec": "L_enc", "length(x)": "length(z)", "length(z)": "length(x)"}

Equal = frozenset[tuple[str, str]]

#: Those with a window, a prefix or sinks.
WINDOWED = frozenset(
    id
    for id, one in checked().items()
    if {"w", "w_l", "ℓ_p"} & set(map(str, one.header.hyperparameters))
)
#: Those with several beginnings of some length, as their examples have them.
BEAMS = frozenset(id for id in checked() if {"B", "ℓ_gen"} <= {*sizes_in(checked(), id)})
#: Seeds found by search, with which tokens are others where beams, or windows, are wrong; and more
#: than one text, since what is left out of one may be single tokens.
SEEDS = {
    **dict.fromkeys(BEAMS, (5, 8)),
    **dict.fromkeys(WINDOWED & RANDOM, (19, 23)),
    **dict.fromkeys(("D4", "D5"), range(3)),
}


def sizes(id: str, equal: Equal) -> dict[str, int] | None:
    """Sizes that are equal where they are to be, if there are any; small for whole transformers.

    But ℓ_max holds both sequences, since there is a mistake that continues the positions of one in
    the other; the two stacks and the two texts are not alike if they need not be; where tokens are
    drawn there are few, so that a text may end; and training has a few texts and epochs.
    """
    usual = size_table()
    found = {**usual, "H": 2}
    if id in MODELS:
        found |= {**size_table("least"), "ℓ_max": usual["ℓ_max"], "length(x)": 3, "length(z)": 5}
        found |= {"length(x_n)": 4, "length(z_n)": 4, "N_data": 2, "N_epochs": 2}
        if id not in RANDOM | TRAINING:
            found |= {"H": 2, "L": 3, "L_enc": 2, "L_dec": 2}
        if equal:
            found["length(z)"] = found["length(x)"]
        elif id not in RANDOM | TRAINING:
            found["L_dec"] = 2 * found["L_enc"]
    if id == "K11":  # of two layers the second on the embedding is all but the first
        found["L_enc"] = 3
    if id in RANDOM | TRAINING:
        found["N_V"] = 5 if id in RANDOM else 3
    if id in WINDOWED:  # a text that is longer than what is seen of it
        found |= {"length(x)": 6, "k": 2, "w": 2, "ℓ_p": 3}
    if id == "H10":  # for the last token, sinks are two places farther away than in the cache
        found["ℓ"] = 7
    if "N_B" in sizes_in(checked(), id):  # blocks of more than one column
        found["B"] = 2
    if "r" in map(str, checked()[id].header.hyperparameters):  # several runs are left out
        found["length(x)"] = 12
    if id in BEAMS:
        found |= example(id)["sizes"]
    if "d_rot" in sizes_in(checked(), id):  # halves and pairs are not the same
        found |= {"d_rot": 2, "d_attn": 5}
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
    values: dict[str, Any] = {"bos_token": 1, "eos_token": 2} if id in ENDING else {}
    if "w_l" in map(str, checked()[id].header.hyperparameters):
        values |= {"w_l": [1, 3, 2]}
    # Where a run says little, or an index may be out of bounds, there are several.
    runs = 3 if id in INDEXED | RANDOM & TRAINING else 12 if id in RANDOM else 1
    runs = 40 if checked()[id].header.distributions else runs
    kinds = [Variation("drawn", of, values, seed) for seed in SEEDS.get(id, range(runs))]
    mirrored = {size: of[other] for size, other in MIRRORED.items()}
    if len(checked()[id].header.inputs) > 1 and id in MODELS - TRAINING and not equal:
        kinds.append(Variation("the other stack larger", {**of, **mirrored}))
    takes_tokens = any(isinstance(type, Tokens) for _, type in checked()[id].header.inputs)
    if takes_tokens and id not in MODELS | RANDOM:
        kinds.append(Variation("tokens that come twice", {**of, "N_V": 3}))
    if id in MASKED:
        kinds.append(Variation("a token that may attend to nothing", of, mask="empty column"))
    if id == "O3":
        kinds.append(Variation("a short gradient", of, scale=2.0**-6))
    if id == "O4":
        kinds.append(Variation("after the warm-up", {**of, "i": 2, "N_warm": 1, "N_steps": 4}))
    if id == "D9":
        kinds.append(Variation("a batch", {**of, "N_steps": 1, "N_warm": 0, "B": 2}))
    if "ε" in map(str, checked()[id].header.hyperparameters):
        kinds.append(Variation("a small variance, and no ε", of, {"ε": 0}, scale=2.0**-20))
    adapter = Adapter("the pseudocode", lambda *_: None)
    return tuple(draw_arguments(checked(), id, kind, FORMATS["float64"], adapter) for kind in kinds)


def run(algorithms: Mapping[str, Checked], arguments: Arguments) -> Any:
    """The result, if there is one: an index may be out of bounds. Several are put in a row.

    Between two stands nan: a token is not the same at the end of one and in front of the next.
    """
    try:
        arrays = floating_point_result(arguments, algorithms).arrays
    except MachineError:
        return None
    first, *others = (np.array(array.entries, dtype=float) for array in arrays)
    behind = (part for other in others for part in (np.full(1, np.nan), other))
    return np.concatenate([first, *behind], None) if others else first


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


@cache
def common(algorithm: str) -> Equal:
    """What nearly all mistakes of an algorithm can be run with, so that each is run once."""
    found: Equal = frozenset()
    for one in catalogue().values():
        if one.algorithm == algorithm and sizes(algorithm, found | equal(one)) is not None:
            found |= equal(one)
    return found


def is_told_at_common_sizes(one: Mistake, other: Mistake | None = None) -> bool:
    """Whether a mistake is visibly another than another, or than none, at the common sizes."""
    at = common(one.algorithm)
    if not at >= equal(*filter(None, (one, other))):
        return False
    ours = results(one.algorithm, one.id, at)
    theirs = results(one.algorithm, other and other.id, at)
    return ours is not None and theirs is not None and differ(theirs, ours)


# The catalogue

FILE = files("spec.mistakes").joinpath("mistakes.toml").read_text(encoding="utf-8")
#: The entries that edit lines by their numbers. Others leave the spaces around a pattern as it is.
OF_LINES = {entry["id"] for entry in tomllib.loads(FILE)["mistake"] if "line" in entry}


#: The last of those that one entry describes, and the entries that are of the paper's algorithms.
LAST = {one.entry: one.id for one in catalogue().values()}
OF_PAPER = {one.entry for one in catalogue().values() if one.algorithm in PAPER}


def is_like_another(one: Mistake) -> bool:
    """Whether it is for the sweep: all but one in training, and the paper's in our models."""
    if one.algorithm in TRAINING:
        return LAST[one.entry] != one.id
    return one.algorithm in MODELS.difference(PAPER) and one.entry in OF_PAPER


def order(one: Mistake) -> tuple[bool, str]:
    """What is for the sweep comes last."""
    return is_like_another(one), one.id


#: One mistake of each entry.
EVERY_ENTRY = {one.entry: id for id, one in reversed(catalogue().items())}.values()
EVERY = [
    pytest.param(id, marks=[pytest.mark.sweep] * is_like_another(one))
    for id, one in catalogue().items()
]


def test_there_are_some_of_every_algorithm() -> None:
    of = Counter(one.algorithm for one in catalogue().values())
    assert of.keys() >= set(PAPER)
    assert min(of.values()) >= 2


@pytest.mark.parametrize("id", EVERY)
def test_a_mistake_is_an_algorithm_that_differs(id: str) -> None:
    one = catalogue()[id]
    if is_told_at_common_sizes(one):
        return
    right, wrong = (results(one.algorithm, made, equal(one)) for made in (None, id))
    assert right is not None
    assert wrong is not None
    assert any(result is not None for result in wrong)
    assert differ(right, wrong)


@pytest.mark.parametrize("id", EVERY)
def test_a_mistake_is_no_other_mistake(id: str) -> None:
    one = catalogue()[id]
    for other in catalogue().values():
        # A pair is for the sweep if one of them is.
        if other.algorithm == one.algorithm and order(other) < order(one):
            if is_told_at_common_sizes(one, other):
                continue
            both = equal(one, other)
            ours, theirs = (results(one.algorithm, mistake, both) for mistake in (id, other.id))
            if (
                ours is None
                or theirs is None
                or not any(
                    a is not None and b is not None for a, b in zip(ours, theirs, strict=True)
                )
            ):
                assert any({id, other.id} <= group for group in APART), f"{id} without {other.id}"
            elif not any({id, other.id} <= group for group in SQUARE):
                assert differ(ours, theirs), f"{id} is {other.id}"


#: No sizes fit both: with several heads, or since one runs where a stack or a text is the longer
#: of two, the other where it is the shorter.
APART = (
    {"heads-averaged", "output-projection-missing"},
    {"heads-averaged", "output-projection-transposed"},
    {
        "encoder-loop-of-decoder-8",
        "decoder-loop-of-encoder-8",
        "encoder-norms-of-primary-length-8",
        "decoder-norms-of-context-length-8",
        "decoder-layers-left-over-8",
    },
)
#: Alike where both run: one makes no square mask, and runs at other sizes, too.
SQUARE = (
    {"causal-mask-on-context-8", "causal-mask-on-context-from-start-8"},
    {"causal-mask-on-context-8", "causal-mask-on-context-from-end-8"},
)


@pytest.mark.parametrize("id", EVERY_ENTRY)
def test_an_edit_is_written_and_read_as_the_files_are(id: str) -> None:
    for algorithm in (one for name, one in made(id).items() if one is not checked().get(name)):
        lines = list(algorithm.program.lines)
        if algorithm.id not in checked() or catalogue()[id].entry in OF_LINES:
            assert [line.layout.text for line in lines] == [text(line.statement) for line in lines]
        # What is not read again is as if it were.
        assert algorithm.program == program(algorithm.program.layout)
        assert len({builtins.id(line.statement) for line in lines}) == len(lines)


@pytest.mark.parametrize("id", sorted(catalogue().keys() - set.intersection(*SQUARE)))
def test_a_mistake_has_sizes_of_its_own_only_if_it_needs_them(id: str) -> None:
    one = catalogue()[id]
    for size in one.equal:
        fewer = {key: value for key, value in one.equal.items() if key != size}
        try:
            without = edited(dataclasses.replace(one, equal=fewer), checked())
        except SpecError:
            continue
        assert len(without[one.algorithm].open) > len(made(id)[one.algorithm].open)


@pytest.mark.parametrize("id", EVERY_ENTRY)
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
    said = Counter((one.line, one.what) for one in catalogue().values())
    assert max(said.values()) == 1


def test_every_helper_is_called() -> None:
    used = {text for one in catalogue().values() for text in one.helpers}
    assert used == set(tomllib.loads(FILE)["helpers"].values())


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
        (
            "tell",
            'elsewhere = "works"\ntell',
            "mistake mask-forgotten: its elsewhere is not one of fails, varies",
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


def test_an_entry_of_an_algorithm_that_is_not_among_the_texts_is_left_out() -> None:
    assert parse(ENTRY.replace("4.5", "N99.1")) == {}


def test_every_entry_of_the_file_is_of_an_algorithm_that_there_is() -> None:
    file = files("spec.mistakes").joinpath("mistakes.toml")
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["mistake"]
    assert {entry["id"] for entry in entries} == {each.entry for each in catalogue().values()}
