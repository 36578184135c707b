"""Is a model from a folder the model that Hugging Face saved, and what is saved here theirs?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from helpers import hugging_face as hf
from helpers import published_models as published
from helpers.model_folders import OTHERS, PLAIN, columns, read_back, theirs, tokens
from helpers.rounding import apart, assert_close, budget
from safetensors.torch import load_file, save_file

import algorithms
from algorithms.checkpoints import load, save
from algorithms.checkpoints.model_folder import ARCHITECTURES
from algorithms.signatures.trees import named_arrays

WHOLE = "model.safetensors"


def arrays(model):
    return dict(named_arrays(model.parameters, ""))


def same(model, other):
    a, b = arrays(model), arrays(other)
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def ours(model, theirs, **options):
    return torch.asarray(model(*(x.numpy() for x in tokens(theirs)), **options))


def test_every_architecture_is_among_them():
    assert PLAIN.keys() == ARCHITECTURES.keys()


@pytest.mark.parametrize("name", [*PLAIN, *OTHERS])
def test_a_folder_gives_hugging_faces_probabilities_and_goes_back(name, tmp_path):
    model = {**PLAIN, **OTHERS}[name]()
    model.save_pretrained(tmp_path / "theirs")
    loaded, Q = load(tmp_path / "theirs"), theirs(model)
    assert hf.distance(ours(loaded, model), Q) <= 1e-12
    save(loaded, tmp_path / "ours")
    assert same(load(tmp_path / "ours"), loaded)
    assert hf.distance(theirs(read_back(tmp_path / "ours")), Q) <= 1e-12


@pytest.mark.parametrize("kind", ["full_attention", "sliding_attention"])
def test_a_mistral_has_the_attention_that_its_layers_are_said_to_have(kind, tmp_path):
    PLAIN["MistralForCausalLM"]().save_pretrained(tmp_path)  # with a window
    file = tmp_path / "config.json"
    config = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(config | {"layer_types": [kind] * config["num_hidden_layers"]}))
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert hf.distance(ours(load(tmp_path), model), theirs(model)) <= 1e-12


@pytest.mark.parametrize("name", PLAIN)
def test_in_float32_the_probabilities_differ_by_rounding(name, tmp_path):
    model = PLAIN[name]().float()
    model.save_pretrained(tmp_path / "m")
    narrow, wide = load(tmp_path / "m"), load(tmp_path / "m", dtype="float64")
    P = ours(narrow, model).numpy()
    assert P.dtype == np.float32
    bound = budget((*arrays(narrow).values(), *tokens(model)))
    assert_close(P, ours(wide, model).numpy().astype(np.float32), **bound)
    first, *second = tokens(model)
    options = {"decoder_input_ids": second[0]} if second else {}
    with torch.no_grad():
        Q = columns(read_back(tmp_path / "m")(first, **options)).numpy()
    assert_close(P, Q, **bound)


@pytest.mark.parametrize("name", ["LlamaForCausalLM", "MarianMTModel"])
def test_a_folder_may_be_in_shards(name, tmp_path):
    model = PLAIN[name]()
    model.save_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="4KB")
    assert len([*(tmp_path / "shards").glob("*.safetensors")]) > 2
    assert same(load(tmp_path / "shards"), load(tmp_path / "whole"))


# Names and types ----------------------------------------------------------------------------------


def rewritten(folder, change):
    """The folder with other arrays."""
    have = load_file(folder / WHOLE)
    (folder / WHOLE).unlink()
    save_file(change(have), folder / WHOLE)


@pytest.fixture
def gpt2(tmp_path):
    PLAIN["GPT2LMHeadModel"]().save_pretrained(tmp_path / "gpt2")
    return tmp_path / "gpt2"


@pytest.fixture
def bert(tmp_path):
    PLAIN["BertForMaskedLM"]().save_pretrained(tmp_path / "bert")
    return tmp_path / "bert"


def test_a_file_without_its_heads_prefix_is_read(gpt2):
    model, causal = load(gpt2), torch.ones((1, 1, 11, 11), dtype=torch.bool)

    def bare(have):
        names = {name.removeprefix("transformer."): w for name, w in have.items()}
        return {**names, "h.0.attn.bias": causal, "h.0.attn.masked_bias": torch.tensor(-1e4)}

    rewritten(gpt2, bare)
    assert same(load(gpt2), model)
    rewritten(gpt2, lambda have: {**have, "h.0.ln_3.weight": torch.ones(18)})
    with pytest.raises(ValueError, match=r"no place for array h\.0\.ln_3\.weight$"):
        load(gpt2)


def test_a_file_of_2018_is_read(bert):
    model = load(bert)

    def old(have):
        names = {
            name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"): w
            for name, w in have.items()
        }
        return {**names, "bert.pooler.dense.weight": torch.ones(1)}

    rewritten(bert, old)
    assert same(load(bert), model)


def test_a_copy_of_the_embeddings_may_be_there_and_nothing_else_in_its_place(gpt2):
    model, W_e = load(gpt2), "transformer.wte.weight"
    rewritten(gpt2, lambda have: {**have, "lm_head.weight": have[W_e].clone()})
    assert same(load(gpt2), model)
    rewritten(gpt2, lambda have: {**have, "lm_head.weight": have[W_e] + 1})
    with pytest.raises(ValueError, match=f"gpt2: lm_head.weight is not {W_e}, want it so or the"):
        load(gpt2)


#: Arrays that Hugging Face has written besides, in any of its versions.
BESIDES = {
    "BertForMaskedLM": [
        "bert.embeddings.position_ids",
        "bert.pooler.dense.weight",
        "cls.seq_relationship.bias",
        "cls.seq_relationship.weight",
    ],
    "BertForSequenceClassification": ["bert.embeddings.position_ids"],
    "BertModel": ["embeddings.position_ids", "pooler.dense.bias", "cls.predictions.bias"],
    "GPT2LMHeadModel": ["transformer.h.1.attn.bias", "transformer.h.1.attn.masked_bias"],
    "GPTJForCausalLM": ["transformer.h.1.attn.bias", "transformer.h.1.attn.masked_bias"],
    "GPTNeoForCausalLM": [
        "transformer.h.1.attn.attention.bias",
        "transformer.h.1.attn.attention.masked_bias",
    ],
    "GPTNeoXForCausalLM": [
        "gpt_neox.layers.1.attention.bias",
        "gpt_neox.layers.1.attention.masked_bias",
        "gpt_neox.layers.1.attention.rotary_emb.inv_freq",
    ],
    "LlamaForCausalLM": ["model.layers.1.self_attn.rotary_emb.inv_freq"],
    "MarianMTModel": [
        "model.encoder.embed_positions.weight",
        "model.decoder.embed_positions.weight",
    ],
    "T5ForConditionalGeneration": [
        "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    ],
}


@pytest.mark.parametrize("name", BESIDES)
def test_what_hugging_face_has_written_besides_is_left_out(name, tmp_path):
    PLAIN[name]().save_pretrained(tmp_path / "m")
    model, more = load(tmp_path / "m"), dict.fromkeys(BESIDES[name], torch.ones(2))
    rewritten(
        tmp_path / "m",
        lambda have: have | {name: array.clone() for name, array in more.items()},
    )
    assert same(load(tmp_path / "m"), model)


def test_a_type_may_be_chosen(gpt2):
    narrow = load(gpt2, dtype="float16")
    assert {w.dtype.name for w in arrays(narrow).values()} == {"float16"}
    with pytest.raises(TypeError, match=r"^load: dtype is 'int8', want float16, float32 or float"):
        load(gpt2, dtype="int8")


def test_bfloat16_is_read_in_another_type(gpt2):
    rewritten(gpt2, lambda have: {name: w.bfloat16() for name, w in have.items()})
    with pytest.raises(TypeError, match="gpt2: has type BF16, which NumPy has not: choose by load"):
        load(gpt2)
    have = load_file(gpt2 / WHOLE)
    W_e = load(gpt2, dtype="float32").parameters.W_e
    assert np.array_equal(W_e.T, have["transformer.wte.weight"].float().numpy())
    rewritten(gpt2, lambda have: {**have, "transformer.wte.weight": torch.ones(19, 18)})
    assert load(gpt2, dtype="float64").parameters.W_e.sum() == 19 * 18


# What is made of it -------------------------------------------------------------------------------


def test_arrays_stay_on_the_disk_and_a_change_of_them_in_memory(gpt2):
    before = (gpt2 / WHOLE).read_bytes()
    W_e = load(gpt2).parameters.W_e
    base = W_e
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert base is not None
    W_e[:] = 0
    assert (gpt2 / WHOLE).read_bytes() == before


def test_a_model_takes_the_keywords_of_its_function(bert):
    model, x = load(bert), published.tokens().numpy()
    s, real = x % 2, np.arange(published.ELL) < np.array([[7], [4]])
    P = model(x, segments=s, padding=real)
    want = model.function(x, model.parameters, segments=s, padding=real, **model.options)
    assert apart(P, want) == 0
    assert abs(P - model(x)).max() > 1e-6


def test_a_model_may_be_in_torch(tmp_path):
    PLAIN["MistralForCausalLM"]().save_pretrained(tmp_path / "m")
    model, x = load(tmp_path / "m"), published.tokens()
    P = model.map(torch.asarray)(x)
    assert isinstance(P, torch.Tensor)
    assert_close(P.numpy(), model(x.numpy()), **budget((*arrays(model).values(), x.numpy())))


DEPARTURES = {
    "BertForMaskedLM": {"B1": "layer norm has ε = 1e-12", "B2": "", "B3": "", "B4": "", "B5": ""},
    "BertModel": {"B1": "", "B2": "", "B3": ""},
    "BertForSequenceClassification": {"B1": "layer norm has ε = 1e-12", "B2": "", "B3": ""},
    "GPT2LMHeadModel": {"G1": "layer norm has ε = 1e-05", "G2": "GELU in its tanh form", "G3": ""},
    "GPTJForCausalLM": dict.fromkeys(("J6", "J7", "J8", "J9", "J10", "J12", "J13"), ""),
    "GPTNeoForCausalLM": dict.fromkeys(("J3", "J6", "J9", "J11", "J12"), ""),
    "GPTNeoXForCausalLM": dict.fromkeys(("J6", "J7", "J8"), ""),
    "LlamaForCausalLM": {
        "J1": "the norms have ε = 1e-06",
        "J2": "what turns slowly turns 8 times slower (llama3: 1, 4, 8)",
    },
    "MT5ForConditionalGeneration": dict.fromkeys(("T1", "T3", "T4", "T5"), ""),
    "MarianMTModel": dict.fromkeys(("M1", "M2", "M3", "M4", "M5", "M6"), ""),
    "MistralForCausalLM": {"J1": ""},
    "Qwen2ForCausalLM": {"J1": "", "J3": "", "J4": "offsets on queries, keys and values"},
    "Qwen3ForCausalLM": {"J1": "", "J5": "a norm of each query and key"},
    "T5ForConditionalGeneration": {"T1": "the norms have ε = 1e-06", "T2": "", "T3": ""},
    "UMT5ForConditionalGeneration": dict.fromkeys(("T1", "T2", "T3", "T4", "T5", "T6"), ""),
    "BERT, not tied": {
        "B1": "",
        "B2": "",
        "B3": "",
        "B4": "",
    },
    "GPT-2, not tied": {"G1": ""},
    "GPT-NeoX, in turn": {
        "J6": "",
        "J8": "no W_p: some rows of queries and keys turn with the position; ω is divided by 4 "
        "(linear)",
        "J9": "",
    },
    "Llama, ω divided": {"J1": "", "J2": "ω is divided by 4 (linear)"},
    "Llama, attention_bias": {"J1": "", "J4": "offsets on queries, keys, values and W_o"},
    "Marian, ReLU": dict.fromkeys(("M1", "M2", "M4", "M5", "M6"), ""),
    "T5, version 1.1": {"T1": "", "T4": "", "T5": "GELU in its tanh form where X8 has ReLU"},
    "T5, another gate": {
        "T1": "",
        "T2": "",
        "T3": "",
        "T4": "",
        "T5": "SiLU where X8 has ReLU",
    },
}


@pytest.mark.parametrize("name", DEPARTURES)
def test_the_departures_are_those_that_the_model_has(name, tmp_path):
    {**PLAIN, **OTHERS}[name]().save_pretrained(tmp_path / "m")
    have = {one.id: one.what for one in load(tmp_path / "m").departures}
    want = DEPARTURES[name]
    assert have.keys() == want.keys()
    assert {id: have[id] for id, what in want.items() if what} == {
        id: what for id, what in want.items() if what
    }


def test_the_reference_imports_neither_transformers_nor_pickle():
    imports = re.compile(r"^\s*(?:import|from) (?:transformers|pickle|torch\.serial)", re.MULTILINE)
    for path in Path(algorithms.__file__).parent.rglob("*.py"):
        assert not imports.search(path.read_text(encoding="utf-8")), path
