"""Does a published model write what Hugging Face writes, and the same with a cache as without?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import published_models as published
from helpers.double_precision import DoublePrecision
from helpers.model_folders import PLAIN, exact

from algorithms.checkpoints import continuation, load, translation
from algorithms.checkpoints.model_folder import ARCHITECTURES
from algorithms.paper.sampling import sample, temper

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


# Translation --------------------------------------------------------------------------------------


def translated(model, tau=0, ell_gen=ELL_GEN, weigh=None):
    rng = np.random.default_rng(0)
    return translation(model, X, ell_gen=ell_gen, tau=tau, rng=rng, weigh=weigh)


@pytest.mark.parametrize("name", ["MarianMTModel", "T5ForConditionalGeneration"])
def test_the_likeliest_translation_is_hugging_faces(name, saved):
    theirs = PLAIN[name]()
    model = saved(theirs)
    with torch.no_grad(), DoublePrecision():
        tokens = exact(theirs).generate(
            torch.asarray(X)[None],
            do_sample=False,
            num_beams=1,
            max_new_tokens=ELL_GEN,
            use_cache=False,  # theirs has no place for more layers than the encoder's
        )
    x = translated(model)
    assert x.tolist() == tokens[0, 1:].tolist()
    for ends in (int(x[2]), [int(x[2])]):
        ended = replace(model, config={**model.config, "eos_token_id": ends})
        first = x.tolist().index(x[2])
        assert translated(ended).tolist() == x[: first + 1].tolist()


def test_a_translation_is_drawn_as_algorithm_15_draws(saved):
    model, rng = saved(PLAIN["MarianMTModel"]()), np.random.default_rng(0)
    x = [model.config["decoder_start_token_id"]]
    for _ in range(ELL_GEN):
        q = temper(model(X, np.array(x))[:, -1], 2.0)
        x.append(sample(q**2, rng))
    endless = replace(model, config={**model.config, "eos_token_id": None})
    assert translated(endless, 2.0, weigh=lambda q: q**2).tolist() == x[1:]
    assert translated(model, ell_gen=0).shape == (0,)


def test_what_cannot_be_translated_is_refused(saved):
    model = saved(PLAIN["MarianMTModel"]())
    with pytest.raises(ValueError, match=r"^translation: want ell_gen >= 0, got ell_gen=-1$"):
        translated(model, ell_gen=-1)
    with pytest.raises(ValueError, match=r"^translation: want ell \+ ell_gen - 1 <= ell_max, got"):
        translated(model, ell_gen=12)
    nothing = replace(model, config={})
    with pytest.raises(ValueError, match=r"^translation: the config has no decoder_start_token_id"):
        translated(nothing)
    with pytest.raises(ValueError, match=r"^translation: GPT2LMHeadModel translates no text$"):
        translated(replace(model, architecture="GPT2LMHeadModel", algorithm="10"))
    with pytest.raises(TypeError, match=r"^translation: model is of type NoneType, want a Model"):
        translated(None)
    with pytest.raises(TypeError, match=r"^translation: z is no array of whole numbers of shape"):
        translation(model, [3], ell_gen=1, tau=0, rng=np.random.default_rng(0))
