"""Are functions tried on the edges of every size, and on what they get wrong?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from helpers.cached_generation import CacheFaults, generate

from spec.adapters.function_in_layout import layout
from spec.checking.check import check, function_under_test
from spec.inputs.arguments import Adapter, draw_arguments
from spec.inputs.formats import FORMATS
from spec.inputs.size_table import size_table
from spec.inputs.variations import COLD, more_than_1, sizes_in, variations
from spec.language.tree import While
from spec.library import checked

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

UNCALLED = Adapter("uncalled", lambda function, arguments: None)
every_algorithm = pytest.mark.parametrize("id", list(checked()))


def names(id):
    return [variation.name for variation in variations(checked(), id)]


@every_algorithm
def test_every_size_is_1_once_and_no_kind_of_arguments_comes_twice(id):
    found = names(id)
    assert found[0] == "all sizes differ"
    sizes = sizes_in(checked(), id)
    edges = {f"{size} = 1" for size in sizes if size not in more_than_1(sizes)}
    assert edges <= set(found)
    ends = any(isinstance(line.statement, While) for line in checked()[id].program.lines)
    tells_little = "other random numbers" in found  # several draws of a token
    assert len(found) == len(set(found)) or ends or tells_little


@every_algorithm
def test_masks_are_empty_full_and_causal_where_there_is_one(id):
    masked = "Mask" in map(str, checked()[id].header.hyperparameters)
    kinds = {"everything may be attended to", "a token that may attend to nothing", "a causal mask"}
    assert kinds & set(names(id)) == (kinds if masked else set())


def test_some_kind_has_numbers_with_all_digits_of_float64():
    def in_float32(function, arguments):
        return function(arguments.v, arguments.W_e.astype(np.float32).astype(np.float64))

    rounding = Adapter("in float32", in_float32)
    report = check(lambda v, W_e: W_e[:, v], 1, adapter=rounding)
    assert [trial.name for trial in report.failed] == ["all sizes differ, numbers of all digits"]
    in_single = replace(rounding, call=lambda function, given: function(given.v, given.W_e))
    assert check(lambda v, W_e: W_e[:, v], 1, adapter=in_single, format="float32").passes


def test_no_sequence_is_longer_than_can_be():
    for id in checked():
        for variation in variations(checked(), id):
            arguments = draw_arguments(checked(), id, variation, FORMATS["float64"], UNCALLED)
            texts = [text for run in arguments.runs for text in _texts(run.inputs)]
            assert all(len(text) <= arguments.all_sizes["ℓ_max"] for text in texts), variation


def _texts(value):
    """Every list of tokens in the inputs of a run."""
    if isinstance(value, list) and value and isinstance(value[0], int):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


@every_algorithm
def test_where_tokens_are_drawn_one_kind_leaves_nothing_to_chance(id):
    cold = [one for one in variations(checked(), id) if one.values.get("τ") == COLD]
    assert len(cold) == ("τ" in map(str, checked()[id].header.hyperparameters))


FAULTS = [
    CacheFaults(position_late=1),
    CacheFaults(position_late=-1),
    CacheFaults(drops_last=True),
    CacheFaults(keeps_first=True),
]


@cache
def expected_texts():
    """The exact results of Algorithm 14 on each kind: computed once for all faults."""
    tested = function_under_test(generate, 14, replace(layout(), draws="from above"))
    trials = list(tested.trials(variations(tested.algorithms, tested.id)))
    assert all(trial.verdict.passes for trial in trials)
    return tested, [trial.expected for trial in trials]


@pytest.mark.parametrize("faults", FAULTS)
def test_a_cache_that_is_off_by_one_is_seen_in_most_kinds(faults):
    tested, expected = expected_texts()
    faulty = replace(tested, function=partial(generate, faults=faults))
    trials = [faulty.call(exact) for exact in expected]
    right = {trial.name for trial in trials if trial.verdict.passes}
    assert "ℓ_gen = 1" in right  # where nothing is read from the cache
    assert len(right) < len(trials) / 2


def test_activations_near_to_their_mean_are():
    near = next(one for one in variations(checked(), "6") if one.scale != 1)
    arguments = draw_arguments(checked(), "6", near, FORMATS["float64"], UNCALLED)
    assert 0 < abs(arguments.e).max() < 1e-4


@every_algorithm
def test_every_size_of_an_algorithm_is_in_the_table(id):
    declared = {atom.name for atom in checked()[id].header.sizes if atom.kind == "size"}
    for column in ("usual", "small", "least", "picture", "middling"):
        assert declared <= size_table(column).keys()
