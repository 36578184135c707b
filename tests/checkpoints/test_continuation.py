"""Does a published model write what Hugging Face writes, and the same with a cache as without?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import published_models as published
from helpers.double_precision import DoublePrecision
from helpers.model_folders import PLAIN, exact

from algorithms.checkpoints import continuation, load
from algorithms.checkpoints.model_folder import ARCHITECTURES

X = np.array([3, 14, 1])
ELL_GEN = 6  # so that tokens leave a window of 3
DECODERS = [name for name in ARCHITECTURES if name.endswith(("CausalLM", "LMHeadModel"))]
#: Those that write with a cache, one of them where tokens leave its window and where none does.
WITH_CACHE = {
    "GPT2LMHeadModel": PLAIN["GPT2LMHeadModel"],
    "LlamaForCausalLM": PLAIN["LlamaForCausalLM"],
    "MistralForCausalLM": PLAIN["MistralForCausalLM"],
    "Mistral, a wide window": lambda: published.made("Mistral", sliding_window=8),
    "Mistral, no window": lambda: published.made("Mistral", sliding_window=None),
}


def written(model, tau, weigh=None):
    rng = np.random.default_rng(0)
    return continuation(model, X, ell_gen=ELL_GEN, tau=tau, rng=rng, weigh=weigh)


@pytest.fixture
def saved(tmp_path):
    """Save a model of theirs and load it."""

    def saved(theirs):
        theirs.save_pretrained(tmp_path / "theirs")
        return load(tmp_path / "theirs", dtype="float64")

    return saved


@pytest.mark.parametrize("name", DECODERS)
def test_the_likeliest_continuation_is_hugging_faces(saved, name):
    theirs = PLAIN[name]()
    model = saved(theirs)
    with torch.no_grad(), DoublePrecision():
        tokens = exact(theirs).generate(
            torch.asarray(X)[None], do_sample=False, max_new_tokens=ELL_GEN
        )
    assert written(model, 0).tolist() == tokens[0, len(X) :].tolist()


@pytest.mark.parametrize("name", WITH_CACHE)
def test_a_cache_changes_no_token(saved, name):
    model, called = saved(WITH_CACHE[name]()), []

    def counted(*arguments, **options):
        called.append(options)
        return model.cached(*arguments, **options)

    with_cache = written(replace(model, cached=counted), 1, lambda p: p**2)
    without = written(replace(model, cached=None), 1, lambda p: p**2)
    assert (with_cache == without).all()
    assert len(called) == 1


def test_no_tokens_are_none(saved):
    model = saved(PLAIN["GPT2LMHeadModel"]())
    y = continuation(model, X, ell_gen=0, tau=0, rng=np.random.default_rng(0))
    assert y.shape == (0,)


def test_a_model_that_does_not_predict_the_next_token_continues_no_text(saved):
    model = saved(PLAIN["BertForMaskedLM"]())
    with pytest.raises(ValueError, match=r"^continuation: BertForMaskedLM continues no text$"):
        written(model, 0)


def test_positions_end_before_the_first_step(saved):
    model = saved(PLAIN["GPTNeoForCausalLM"]())
    message = (
        r"^continuation: want ell \+ ell_gen - 1 <= ell_max, got ell=3, ell_gen=10, ell_max=11$"
    )
    with pytest.raises(ValueError, match=message):
        continuation(model, X, ell_gen=10, tau=0, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "prompt", [X + 0.5, X[None], [3, 14], None], ids=["floats", "two axes", "a list", "nothing"]
)
@pytest.mark.parametrize("ell_gen", [0, 2])
def test_a_prompt_that_is_none_is_refused(saved, prompt, ell_gen):
    model = saved(PLAIN["GPTNeoForCausalLM"]())
    message = r"^continuation: x is no array of whole numbers of shape \(ell,\)$"
    with pytest.raises(TypeError, match=message):
        continuation(model, prompt, ell_gen=ell_gen, tau=0, rng=np.random.default_rng(0))


@pytest.mark.parametrize("name", ["GPTNeoForCausalLM", "GPT2LMHeadModel"])
def test_fewer_tokens_than_none_are_refused(saved, name):
    model = saved(PLAIN[name]())
    with pytest.raises(ValueError, match=r"^continuation: want ell_gen >= 0, got ell_gen=-3$"):
        continuation(model, X, ell_gen=-3, tau=0, rng=np.random.default_rng(0))
