"""Is a model saved whole, or refused?"""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
import safetensors.numpy
import torch
from helpers import published_models as published
from helpers.model_folders import PLAIN
from safetensors.numpy import load_file

from algorithms import DTransformerParameters, initialise, tree_map
from algorithms.checkpoints import continuation, load, model_of, save
from algorithms.extensions.silu import SiLU

CONFIG = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "vocab_size": 11,
    "n_positions": 8,
    "n_embd": 6,
    "n_layer": 2,
    "n_head": 3,
    "tie_word_embeddings": False,
    "bos_token_id": 10,
}
SIZES = {"N_V": 11, "ell_max": 8, "L": 2, "H": 3, "d_e": 6, "d_mlp": 24, "d_attn": 2, "d_mid": 2}


@pytest.fixture(scope="module")
def theta():
    return initialise(DTransformerParameters, np.random.default_rng(0), **SIZES)


def test_a_theta_of_ones_own_is_saved_and_loaded(theta, tmp_path):
    save(model_of(CONFIG, theta), tmp_path / "m")
    again = load(tmp_path / "m")
    equal = tree_map(lambda a, b: float(np.array_equal(a, b)), again.parameters, theta)
    assert min(tree_map(lambda one: one, (equal.W_e, equal.W_p, equal.W_u, equal.gamma))) == 1
    assert again.config == {**CONFIG, "dtype": "float64"}
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "config.json",
        "model.safetensors",
    }


def test_a_theta_of_torch_is_saved(theta, tmp_path):
    model = model_of(CONFIG, theta.map(lambda w: torch.asarray(w, dtype=torch.float32)))
    save(model, tmp_path / "m")
    assert json.loads((tmp_path / "m/config.json").read_text())["dtype"] == "float32"
    assert load(tmp_path / "m").parameters.W_e.dtype == np.float32


def without_layer(theta):
    return theta._replace(layers=theta.layers[:1])


REFUSED = {
    "another size": (
        lambda theta: theta._replace(W_p=theta.W_p[:, :7]),
        "cannot hold parameters.W_p of shape (6, 7), want (6, 8)",
    ),
    "a layer less": (
        without_layer,
        "cannot do without parameters.layers[1].W.W_qkv.W_q",
    ),
    "a layer more": (
        lambda theta: theta._replace(layers=(*theta.layers, theta.layers[0])),
        "has no place for parameters.layers[2].W.W_qkv.W_q",
    ),
    "whole numbers": (
        lambda theta: theta.map(lambda w: w.astype(int)),
        "cannot hold int64, want float16, float32 or float64",
    ),
    "bfloat16": (
        lambda theta: theta.map(lambda w: torch.asarray(w, dtype=torch.bfloat16)),
        "cannot hold bfloat16, want float16, float32 or float64",
    ),
    "no array": (lambda theta: 3, "cannot hold <class 'int'>, want float16, float32 or float64"),
    "nothing": (
        lambda theta: None,
        "cannot do without parameters.W_e",
    ),
    "two types": (
        lambda theta: theta._replace(W_e=theta.W_e.astype(np.float32)),
        "cannot hold parameters.W_p of float64, want float32 as parameters.W_e",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_theta_that_a_file_cannot_hold_is_refused(name, theta):
    change, message = REFUSED[name]
    with pytest.raises((ValueError, TypeError)) as refused:
        model_of(CONFIG, change(theta))
    assert str(refused.value) == f"model_of: a GPT2LMHeadModel {message}"


def test_only_what_one_array_of_a_file_makes_twice_is_compared(theta, monkeypatch):
    copied, copy = [], np.copyto

    def counted(place, w):
        copied.append(w)
        copy(place, w)

    monkeypatch.setattr(np, "copyto", counted)
    model_of(CONFIG, theta)
    assert copied == []
    tied = theta._replace(W_u=theta.W_e.T)
    model_of({**CONFIG, "tie_word_embeddings": True}, tied)
    assert [w.shape for w in copied] == [(6, 11), (11, 6)]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ([1], "model_of: config: is [1], want an object"),
        (
            {**CONFIG, "vocab_size": np.int64(11)},
            "model_of: config: vocab_size is np.int64(11), want a whole number, 1 … 16777216",
        ),
        (
            {**CONFIG, "bos_token_id": np.int64(10)},
            "model_of: config: is not JSON (Object of type int64 is not JSON serializable)",
        ),
    ],
)
def test_a_config_that_no_file_could_hold_is_refused(config, message, theta):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model_of(config, theta)


def test_what_is_no_model_is_not_saved(tmp_path):
    said = "model is of type int, want a Model, from load or model_of$"
    with pytest.raises(TypeError, match=f"^save: {said}"):
        save(3, tmp_path / "m")
    with pytest.raises(TypeError, match=f"^continuation: {said}"):
        continuation(3, np.array([1]), ell_gen=1, tau=0, rng=np.random.default_rng(0))


def test_a_W_u_that_is_not_tied_is_refused_where_the_config_says_so(theta):
    tied = {**CONFIG, "tie_word_embeddings": True}
    message = (
        "model_of: a GPT2LMHeadModel cannot hold parameters.W_e and parameters.W_u, which differ: "
        "with this config they are one array, and two in "
        "model_of({**config, 'tie_word_embeddings': False}, …)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model_of(tied, theta)
    assert model_of(tied, theta._replace(W_u=theta.W_e.T)).departures[-1].id == "G3"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("GPT2LMHeadModel", {"eps": 0.5}),
        ("GPT2LMHeadModel", {"activation": SiLU}),
        ("GPT2LMHeadModel", {"w": 3}),
        ("MistralForCausalLM", {"w": 2}),
        ("MistralForCausalLM", {"omega": np.ones(2)}),
    ],
)
def test_options_that_no_config_says_are_refused(name, changes, tmp_path):
    PLAIN[name]().save_pretrained(tmp_path / "m")
    model = load(tmp_path / "m")
    changed = dataclasses.replace(model, options={**model.options, **changes})
    (option,) = changes
    message = rf"^save: options\['{option}'\] is not what the config says: change the config"
    with pytest.raises(ValueError, match=message):
        save(changed, tmp_path / "again")
    left = {one: value for one, value in model.options.items() if one != "eps"}
    with pytest.raises(ValueError, match=r"^save: options\['eps'\] is not what the config says"):
        save(dataclasses.replace(model, options=left), tmp_path / "again")


def test_a_change_of_theta_changes_no_option(tmp_path):
    PLAIN["LlamaForCausalLM"]().save_pretrained(tmp_path / "m")
    model, x = load(tmp_path / "m"), np.array([3, 1, 4])
    noisy = model.map(lambda w: w * 1.5)
    want = model.function(x, noisy.parameters, **model.options)
    assert (noisy(x) == want).all()
    narrow = model.map(lambda w: torch.asarray(np.array(w)).to(torch.float32))
    assert narrow(torch.asarray(x)).dtype == torch.float32
    save(narrow, tmp_path / "narrow")
    assert load(tmp_path / "narrow").parameters.W_e.dtype == np.float32


@pytest.mark.parametrize("path", [None, b"m", 3])
def test_what_is_no_path_is_refused(path, theta):
    said = f"path is of type {type(path).__name__}, want a path$"
    with pytest.raises(TypeError, match=f"^load: {said}"):
        load(path)
    with pytest.raises(TypeError, match=f"^save: {said}"):
        save(model_of(CONFIG, theta), path)


def test_offsets_of_a_gptj_are_refused(tmp_path):
    PLAIN["GPTJForCausalLM"]().save_pretrained(tmp_path / "m")
    model = load(tmp_path / "m")
    first, *rest = model.parameters.layers
    W = first.W._replace(b_o=first.W.b_o + 1)
    layers = (first._replace(W=W), *rest)
    changed = dataclasses.replace(model, parameters=model.parameters._replace(layers=layers))
    with pytest.raises(
        ValueError, match=r"^save: a GPTJForCausalLM cannot hold parameters\.layers"
    ):
        save(changed, tmp_path / "again")


def test_what_scales_the_queries_of_a_gpt_neo_is_undone_but_for_rounding(tmp_path):
    model = published.made("GPTNeo", hidden_size=18, intermediate_size=7)  # 6 rows: √6
    model.save_pretrained(tmp_path / "theirs")
    save(load(tmp_path / "theirs"), tmp_path / "ours")
    have, want = (load_file(tmp_path / name / "model.safetensors") for name in ("ours", "theirs"))
    assert have.keys() == want.keys()
    for name, array in want.items():
        ulps = 1 if "q_proj" in name else 0
        assert (abs(have[name] - array) <= ulps * np.spacing(abs(array))).all()


def test_what_is_there_is_never_written_over(theta, tmp_path):
    (tmp_path / "m").mkdir()
    with pytest.raises(FileExistsError, match=r"^save: .*m: is there already$"):
        save(model_of(CONFIG, theta), tmp_path / "m")


def test_a_strangers_folder_beside_it_stays(theta, tmp_path):
    (tmp_path / ".m.part").mkdir()
    (tmp_path / ".m.part" / "theirs").touch()
    save(model_of(CONFIG, theta), tmp_path / "m")
    assert {path.name for path in tmp_path.iterdir()} == {"m", ".m.part"}
    assert (tmp_path / ".m.part" / "theirs").exists()
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_is_in_none_is_refused(theta, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^save: .*/none: is no folder$"):
        save(model_of(CONFIG, theta), tmp_path / "none" / "m")


def test_a_model_is_shown_in_short(theta):
    assert len(repr(model_of(CONFIG, theta))) < 300


def test_nothing_is_left_of_what_could_not_be_written(theta, tmp_path, monkeypatch):
    def full(arrays, path, metadata):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        save(model_of(CONFIG, theta), tmp_path / "m")
    assert [*tmp_path.iterdir()] == []
