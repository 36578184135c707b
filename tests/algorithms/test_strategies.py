"""Are the calls drawn as widely as the claims need, and has each claim been seen to fail?"""

from __future__ import annotations

import pkgutil
from functools import partial
from importlib import import_module
from inspect import isfunction
from typing import Annotated, get_args

import numpy as np
import pytest
import test_properties as claims
from helpers.public_things import checked_functions, public_functions
from helpers.strategies import FLOATS, INTEGERS, Rules, many, requires, signature
from hypothesis import Phase, given, is_hypothesis_test, settings
from hypothesis import strategies as st
from jaxtyping import Float, Integer

import algorithms
from algorithms import (
    Attention,
    DTransformer,
    EDInference,
    EDTraining,
    EDTransformer,
    layer_norm,
    temper,
    token_embedding,
)
from algorithms.checkpoints import BERT
from algorithms.extensions.spans import span_corruption
from algorithms.paper.embedding import Token
from algorithms.signatures.annotations import (
    Declaration,
    Number,
    Optional,
)
from algorithms.signatures.arrays import A, Array
from algorithms.signatures.check import Check
from algorithms.signatures.decorator import checked
from spec.pairing import implementations

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

# Which functions are drawn ------------------------------------------------------------------------

UNCHECKED = {
    "algorithms.signatures.initialisation.initialise": "sizes come by name: test_initialisation",
    "algorithms.gradients.reverse_sweep.value_and_gradient": "takes any θ: test_refusals",
    "algorithms.training.mini_batches.log_loss": "takes places that count: test_mini_batches",
    "algorithms.training.mini_batches.pad": "takes arrays of any lengths: test_mini_batches",
    "algorithms.training.training_run.training_run": "takes any θ and loss: test_training_runs",
    "algorithms.signatures.trees.tree_map": "takes any θ, and functions of its arrays",
    "algorithms.checkpoints.bare_bert.bare_bert_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.bert.bert_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.bert_for_classes.bert_for_classes_parameters": "arrays by name, too",
    "algorithms.checkpoints.gpt2.gpt2_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.gpt_neo.gpt_neo_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.gpt_neox.gpt_neox_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.gptj.gptj_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.llama.llama_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.marian.marian_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.model_folder.load": "takes a folder: test_refused_folders",
    "algorithms.checkpoints.model_folder.model_of": "takes any θ: test_saved_models",
    "algorithms.checkpoints.model_folder.save": "takes a model: test_saved_models",
    "algorithms.checkpoints.published_t5.t5_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.qwen.qwen_parameters": "takes arrays by name, from a file",
    "algorithms.checkpoints.text_continuation.continuation": "takes a model: test_continuation",
    "algorithms.checkpoints.text_continuation.translation": "takes a model: test_continuation",
}


def full_name(function):
    return f"{function.__module__}.{function.__name__}"


def test_every_public_function_is_checked_or_listed_with_a_reason():
    unchecked = {full_name(f) for f in public_functions() if f not in checked_functions()}
    assert unchecked == UNCHECKED.keys()
    assert all(UNCHECKED.values())


def test_every_checked_function_is_public():
    modules = pkgutil.walk_packages(algorithms.__path__, "algorithms.")
    found = {
        value
        for module in modules
        for value in vars(import_module(module.name)).values()
        if isfunction(value) and hasattr(value, "requires")
    }
    assert found == {*checked_functions()}


def test_every_algorithm_is_among_them():
    assert {*implementations("algorithms").values()} <= {*checked_functions()}


def test_what_says_which_tokens_count_stands_at_one_end():
    for function in checked_functions():
        if function is span_corruption:  # what is left out stands anywhere
            continue
        inputs = signature(function).arguments.values()
        arrays = [getattr(part, "value", part) for part in inputs]
        if any(getattr(array, "below", None) for array in arrays):
            bits = [a for a in arrays if getattr(a, "kind", "") == "bool"]
            assert all(a.right_padding for a in bits if a.axes[-1:] == ("ell",))


def kinds(declaration):
    """Yield the kinds of declaration that stand in this one."""
    yield type(declaration)
    parts = (*getattr(declaration, "fields", {}).values(), *getattr(declaration, "parts", ()))
    for part in (*parts, *declaration):
        if isinstance(part, get_args(Declaration)):
            yield from kinds(part)


def test_every_kind_of_declaration_is_drawn_for_some_function():
    signatures = map(signature, checked_functions())
    drawn = [part for s in signatures for part in (*s.arguments.values(), s.result)]
    assert {kind for part in drawn for kind in kinds(part)} == {*get_args(Declaration)}


# How widely they are drawn ------------------------------------------------------------------------


def ruled(function):
    """The names that a rule speaks of."""
    return {name for rule in requires(function) for name in Rules([rule]).codes[0].co_names}


@pytest.mark.parametrize("function", [Attention, DTransformer, EDTransformer, BERT])
def test_sizes_differ_pairwise_unless_a_rule_leaves_no_room(function):
    for call in many(function, crowded=False):
        sizes = {a.name: a.size for a in call.axes if a.name.isidentifier()}
        free = [n for name, n in sizes.items() if name not in ruled(function)]
        free += [n for n in call.batch if n > 1]
        assert len(free) == len({*free})


@pytest.mark.parametrize("function", [Attention, EDTransformer])
def test_sizes_are_often_alike_in_a_crowded_call(function):
    for call in many(function, crowded=True):
        sizes = call.sizes()
        assert {sizes[name] for name in ("d_x", "d_attn", "d_mid") if name in sizes} <= {1, 2}


@pytest.mark.parametrize("function", [Attention, EDTransformer, BERT, EDTraining])
def test_every_size_is_1_in_some_call_and_more_in_others(function):
    seen = {}
    for call in many(function):
        for axis in call.axes:
            seen.setdefault(axis.name, set()).add(min(axis.size, 2))
    assert all(sizes == {1, 2} for sizes in seen.values()), seen


def owners(call):
    """Whose leading axes are longer than 1: those of inputs, of θ, of both."""
    longer = (leaf for leaf in call.leaves if max(leaf.leading, default=1) > 1)
    return "".join(sorted({"θ" if leaf.theta else "input" for leaf in longer}))


#: What is read off a call, and all that it is in some call or another.
SEEN = {
    "leading axes": (BERT, lambda call: len(call.batch), {0, 1, 2}),
    "who has them": (Attention, owners, {"", "input", "θ"}),
    "layers": (BERT, lambda call: len(call.arguments["parameters"].theta.layers), {0, 1, 2}),
    "sequences": (EDTraining, lambda call: len(call.arguments["x"]), {0, 1, 2}),
    "lengths in one call": (EDTraining, lambda call: len({*map(len, call.arguments["x"])}), {1, 2}),
    "no padding_x": (EDTransformer, lambda call: call.arguments["padding_x"] is None, {0, 1}),
    "no padding_z": (EDTransformer, lambda call: call.arguments["padding_z"] is None, {0, 1}),
    "tau": (temper, lambda call: call.arguments["tau"], {x for x in FLOATS[:7] if x >= 0}),
    "ell_gen": (EDInference, lambda call: call.arguments["ell_gen"], {None, 0, 1, 2}),
}


@pytest.mark.parametrize(("function", "read", "values"), SEEN.values(), ids=SEEN)
def test_calls_are_of_every_kind(function, read, values):
    assert {*map(read, many(function))} >= values


def test_the_default_of_a_number_may_be_drawn():
    for function in checked_functions():
        arguments, _, defaults = signature(function)
        for name, default in defaults.items():
            part = arguments[name]
            if isinstance(part, Number):
                assert default in (INTEGERS if part.type is int else FLOATS)
            elif isinstance(part, Optional):
                assert default is None


# Each claim, seen to fail -------------------------------------------------------------------------


def scaling(body):
    """A function that is to give X * gamma[:, None]."""

    @checked()
    def scaled(X: Float[A, "*batch m n"], gamma: Float[A, " m"]) -> Float[A, "*batch m n"]:
        return body(X, gamma[:, None])

    return scaled


def embedding(body):
    """A function that is to give the columns of W_e."""

    @checked()
    def embedded(
        v: Annotated[Integer[Array, "*batch ell"], Token], W_e: Float[A, "d_e N_V"]
    ) -> Float[A, "*batch d_e ell"]:
        return body(v, W_e)

    return embedded


def summing(body):
    """A function that is to give the sum over a batch, whose leading axes are made one."""

    @checked()
    def summed(X: Float[A, "*batch m n"]) -> Float[A, "m n"]:
        return body(X.reshape(-1, *X.shape[-2:]))

    return summed


RIGHT = [scaling(lambda X, g: X * g), embedding(token_embedding), summing(lambda X: X.sum(axis=0))]

#: What a body does wrong, for each claim about the calls that are accepted.
WRONG = {
    claims.test_any_drawn_call_returns_what_is_declared_the_same_bits_again_and_changes_nothing: {
        "gives the transpose": scaling(lambda X, g: (X * g).mT),
        "gives another type": scaling(lambda X, g: X * g.astype(np.float64)),
        "gives an infinity": scaling(lambda X, g: np.where(g > 2, np.inf, X)),
        "works in place": scaling(lambda X, g: np.multiply(X, g, out=X)),
        "draws numbers of its own": scaling(lambda X, g: X * np.random.default_rng().random()),
    },
    claims.test_where_arrays_lie_in_memory_changes_nothing_but_rounding: {
        "reads them as they lie": scaling(lambda X, g: X.ravel(order="K").reshape(X.shape)),
    },
    claims.test_each_of_a_batch_is_computed_as_if_alone: {
        "looks across the batch": scaling(lambda X, g: X / np.max(X)),
    },
    claims.test_what_has_no_leading_axes_is_a_sum_over_the_batch: {
        "is a mean": summing(lambda X: X.mean(axis=0)),
    },
    claims.test_an_empty_batch_gives_an_empty_result: {
        "needs an entry": scaling(lambda X, g: X / np.max(X)),
    },
    claims.test_indices_of_any_integer_type_give_the_same_result: {
        "overflows": embedding(lambda v, W_e: token_embedding(v * 100 // 100, W_e)),
    },
    claims.test_a_size_that_stands_in_one_place_may_change_and_the_result_follows: {
        "cuts off": scaling(lambda X, g: X[..., :3]),
    },
}

#: Where nothing is refused, each claim about refusals fails of any function that it is made of.
REFUSALS = {
    claims.test_a_size_changed_in_one_of_several_places_is_refused: layer_norm,
    claims.test_an_array_with_an_axis_too_few_is_refused: layer_norm,
    claims.test_leading_axes_agree_or_the_call_is_refused: Attention,
    partial(
        claims.test_what_a_function_requires_is_asked_of_every_call, rule="eps >= 0"
    ): layer_norm,
    claims.test_an_array_of_another_type_is_refused: layer_norm,
    claims.test_two_float_types_in_one_call_are_refused: layer_norm,
    claims.test_what_is_no_array_is_refused: layer_norm,
    claims.test_what_is_no_number_is_refused: layer_norm,
    claims.test_an_index_outside_its_range_is_refused: token_embedding,
    claims.test_padding_left_of_a_token_is_refused: DTransformer,
}


def name(claim):
    return getattr(claim, "func", claim).__name__


def holds(claim, function):
    """Run the claim's own test, and stop where it first fails."""
    if isinstance(claim, partial):
        rest, claim = claim.keywords, claim.func
    else:
        rest = {}

    @settings(
        max_examples=100,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(data=st.data())
    def attempt(data):
        claim.hypothesis.inner_test(function=function, data=data, **rest)

    try:
        attempt()
    except (Exception, pytest.fail.Exception):
        return False
    return True


@pytest.mark.parametrize("right", RIGHT, ids=["scaled", "embedded", "summed"])
@pytest.mark.parametrize("claim", WRONG, ids=name)
def test_a_right_function_passes_every_claim(claim, right):
    assert holds(claim, right)


@pytest.mark.parametrize("checks", [True, False], ids=["checked", "unchecked"])
@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        pytest.param(claim, wrong, id=f"{name(claim)}: {what}")
        for claim, bodies in WRONG.items()
        for what, wrong in bodies.items()
    ],
)
def test_a_wrong_function_fails_its_claim(claim, wrong, checks, monkeypatch):
    monkeypatch.setattr(algorithms.signatures.decorator, "enabled", checks)
    assert not holds(claim, wrong)


def silent(scope, error, why):
    """Refuse nothing."""


def nameless(scope, error, why):
    raise error(why)


def wordy(scope, error, why):
    raise error(f"{scope.function}: {why}\n")


@pytest.mark.parametrize("claim", REFUSALS, ids=name)
def test_a_refusal_that_is_not_made_or_not_well_put_fails_its_claim(claim, monkeypatch):
    assert holds(claim, REFUSALS[claim])
    for refuse in (silent, nameless, wordy):
        monkeypatch.setattr(Check, "refuse", refuse)
        assert not holds(claim, REFUSALS[claim])


def test_every_claim_has_been_seen_to_fail():
    made = {test for test, value in vars(claims).items() if is_hypothesis_test(value)}
    assert made == {name(claim) for claim in (*WRONG, *REFUSALS)}
