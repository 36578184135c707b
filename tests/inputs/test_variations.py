"""Are functions tried on the edges of every size, and on what they get wrong?"""

from __future__ import annotations

import pytest

from spec.inputs.arguments import Adapter, draw_arguments
from spec.inputs.formats import FORMATS
from spec.inputs.size_table import size_table
from spec.inputs.variations import MORE_THAN_1, sizes_in, variations
from spec.language.tree import While
from spec.library import checked

UNCALLED = Adapter("uncalled", lambda function, arguments: None)
every_algorithm = pytest.mark.parametrize("id", list(checked()))


def names(id):
    return [variation.name for variation in variations(checked(), id)]


@every_algorithm
def test_every_size_is_1_once_and_no_kind_of_arguments_comes_twice(id):
    found = names(id)
    assert found[0] == "all sizes differ"
    edges = {f"{size} = 1" for size in sizes_in(checked(), id) if size not in MORE_THAN_1}
    assert edges <= set(found)
    ends = any(isinstance(line.statement, While) for line in checked()[id].program.lines)
    assert len(found) == len(set(found)) or ends


@every_algorithm
def test_masks_are_empty_full_and_causal_where_there_is_one(id):
    masked = "Mask" in map(str, checked()[id].header.hyperparameters)
    kinds = {"everything may be attended to", "a token that may attend to nothing", "a causal mask"}
    assert kinds & set(names(id)) == (kinds if masked else set())


def test_activations_near_to_their_mean_are():
    near = next(one for one in variations(checked(), "6") if one.scale != 1)
    arguments = draw_arguments(checked(), "6", near, FORMATS["float64"], UNCALLED)
    assert 0 < abs(arguments.e).max() < 1e-4


@every_algorithm
def test_every_size_of_an_algorithm_is_in_the_table(id):
    declared = {atom.name for atom in checked()[id].header.sizes if atom.kind == "size"}
    for column in ("usual", "small", "least", "picture", "middling"):
        assert declared <= size_table(column).keys()
