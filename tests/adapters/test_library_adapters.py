"""Are the functions of libraries what their adapters say, and is it said why others are not?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jax
import pytest
import torch
from figures.adapters import Ready, known, quick_layer, tried, worst
from torch import nn
from torch.nn import functional as F
from transformers import LlamaForCausalLM, MarianConfig, MarianMTModel, MistralForCausalLM
from transformers.models.t5.modeling_t5 import T5LayerNorm

from spec.adapters.libraries.known_functions import ready
from spec.calling.verdict import Verdict
from spec.checking.check import check, function_under_test
from spec.inputs.adapter_error import AdapterError
from spec.inputs.formats import FORMATS
from spec.inputs.variations import Variation

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

DATA = Path(__file__).parents[2] / "docs" / "_data"
SQUARE = {"d_attn": 4, "d_x": 4, "d_z": 4, "d_out": 4, "ℓ_x": 4, "ℓ_z": 4}
USUAL = Variation("all sizes differ")
#: Some of the kinds of arguments that `make figures` tries.
KINDS = {
    "4": (
        USUAL,
        Variation("a token that may attend to nothing", mask="empty column"),
        Variation("a sequence and itself", SQUARE, itself=True),
    ),
    "6": (USUAL, Variation("other numbers", seed=1)),
    "8": (USUAL, Variation("as long as can be", {"length(x)": 11, "length(z)": 11})),
    "9": (USUAL, Variation("as long as can be", {"length(x)": 11})),
}
KINDS |= {"5": KINDS["4"], "C1": KINDS["4"], "H2": KINDS["4"], "10": KINDS["9"], "N1": KINDS["6"]}
KINDS |= {"X1": KINDS["9"], "X2": KINDS["9"]}


def cases():
    """Every adapter in float32, and in its other formats in the sweep."""
    for one in known():
        for format in one.adapter.formats:
            marks = [] if format == "float32" else [pytest.mark.sweep]
            yield pytest.param(one, format, id=f"{one.name}-{one.algorithm}-{format}", marks=marks)


@pytest.mark.parametrize(("library_function", "format"), list(cases()))
def test_it_is_the_algorithm(library_function, format):
    kinds = KINDS[library_function.algorithm]
    trials = tried(library_function, format, kinds)
    assert [trial.problem for trial in trials if not trial.verdict.passes] == []
    assert len(trials) == len(kinds)
    # A right function hardly ever errs as much as the pseudocode, of which 16 times is tolerated.
    assert worst(trials) < 0.5


@pytest.mark.parametrize("function", [F.scaled_dot_product_attention, nn.LayerNorm])
def test_a_check_finds_the_adapter(function):
    (id, *_) = (one.algorithm for one in known() if one.function is function)
    assert check(function, id, format="float32").verdict is Verdict.AGREES


# Classes, instances, and what is neither ----------------------------------------------------------


class Derived(nn.MultiheadAttention):
    """Without offsets, though its class has them."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, bias=False, **options)


def test_an_adapter_is_found_for_what_derives_from_what_is_known():
    assert ready(Derived, 5).name == "torch.nn.MultiheadAttention"
    assert ready(Derived(4, 2), 5).name == "torch.nn.MultiheadAttention"
    assert ready(nn.MultiheadAttention, "4") is None
    assert ready(sorted, 5) is None
    assert ready(3, 5) is None


def test_no_library_is_imported_to_find_that_nothing_is_known():
    code = (
        "import sys; from spec.adapters.libraries.known_functions import ready\n"
        "assert ready(sorted, 4) is None\n"
        "assert not {'torch', 'jax', 'transformers'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def layer(d_e=6, H=3, d_mlp=12, **options):
    return nn.TransformerEncoderLayer(d_e, H, d_mlp, activation="gelu", **options)


def trial_of(function, id, format="float64"):
    (trial,) = tried(Ready(function, id), format, [USUAL])
    return trial


def test_an_instance_keeps_its_weights_its_sizes_and_its_epsilon():
    one = layer(10, 5, 7, layer_norm_eps=0.25).eval()
    before = {name: weight.clone() for name, weight in one.state_dict().items()}
    trial = trial_of(one, "9")
    assert trial.verdict is Verdict.AGREES
    assert trial.arguments.theta.layers[0].W.W_qkv.W_q.shape == (5, 2, 10)
    assert trial.arguments.eps == 0.25
    after = one.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())


def test_an_instance_that_drops_out_is_not_deterministic():
    one = layer(dropout=0.5)
    assert trial_of(one, "9").verdict is Verdict.NOT_DETERMINISTIC
    assert one.training


@pytest.mark.parametrize(("norm_first", "id"), [(False, "9"), (True, "10")])
def test_a_layer_that_torch_computes_in_one_function_is_computed_so(norm_first, id, monkeypatch):
    calls = []
    quick = torch._transformer_encoder_layer_fwd
    monkeypatch.setattr(
        torch, "_transformer_encoder_layer_fwd", lambda *args: calls.append(1) or quick(*args)
    )
    trial_of(quick_layer(norm_first=norm_first), id, "float32")
    assert calls


def test_an_instance_need_not_have_offsets():
    trial = trial_of(layer(bias=False).eval(), "9")
    assert trial.verdict is Verdict.AGREES
    assert not trial.arguments.theta.layers[0].beta1.any()
    assert trial.arguments.theta.beta.any()


def marian(**options):
    config = {"vocab_size": 7, "d_model": 4, "pad_token_id": 0, "decoder_start_token_id": 0}
    for half in ("encoder", "decoder"):
        config |= {f"{half}_layers": 1, f"{half}_attention_heads": 2, f"{half}_ffn_dim": 5}
    config |= {"max_position_embeddings": 8, "activation_function": "relu", **options}
    return MarianMTModel(MarianConfig(**config)).eval()


def test_an_instance_of_marian_has_the_differences_that_it_is_configured_with():
    plain = marian(scale_embedding=False)
    assert ready(plain, 8).departures == ()
    assert trial_of(plain, "8").verdict is Verdict.AGREES
    other = marian(activation_function="gelu", scale_embedding=True)
    assert ready(other, 8).departures == ("gelu-8", "embedding-scaled-8")


def test_an_instance_need_not_have_W_e_for_W_u():
    trial = trial_of(marian(tie_word_embeddings=False), "8")
    assert trial.verdict is Verdict.AGREES
    assert not (trial.arguments.theta.W_u == trial.arguments.theta.W_e.T).all()


def with_other(module, **parts):
    """A module in which some parts are replaced."""
    for path, part in parts.items():
        owner, _, name = path.rpartition("__")
        setattr(module.get_submodule(owner), name, part)
    return module


#: Frequencies that change with the length of a text.
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}


def llama(kind=LlamaForCausalLM, **options):
    config = {"vocab_size": 7, "hidden_size": 8, "intermediate_size": 5, "num_hidden_layers": 1}
    config |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4, **options}
    return kind(kind.config_class(**config)).eval()


def test_a_llama_has_the_activation_of_its_gates_and_the_table_that_it_is_configured_with():
    assert ready(llama(), "X1").departures == ()
    other = llama(hidden_act="gelu", tie_word_embeddings=True)
    assert ready(other, "X1").departures == ("gelu-f1",)
    trial = trial_of(other, "X1", "float32")
    assert trial.verdict is Verdict.AGREES  # with the pseudocode that has GELU
    assert (trial.arguments.theta.W_u == trial.arguments.theta.W_e.T).all()


def test_a_mistral_without_a_window_is_a_llama():
    trial = trial_of(llama(MistralForCausalLM, sliding_window=None), "X1", "float32")
    assert trial.verdict is Verdict.AGREES
    windowed = trial_of(llama(MistralForCausalLM, sliding_window=4), "X2", "float32")
    assert windowed.arguments.w == 4


@pytest.mark.parametrize(
    ("make", "id", "message"),
    [
        (
            lambda: llama(MistralForCausalLM, sliding_window=None),
            "X2",
            "no window: it is Algorithm X1",
        ),
        (lambda: llama(MistralForCausalLM), "X1", "has a window: it is Algorithm X2"),
        (lambda: llama(rope_parameters=DYNAMIC), "X1", "of the kind dynamic, whose frequencies"),
        (lambda: nn.MultiheadAttention(4, 2, kdim=3, vdim=5), 5, "keys of 3 numbers"),
        (lambda: nn.MultiheadAttention(4, 2, add_zero_attn=True), 5, "a key of zeros"),
        (lambda: T5LayerNorm, 6, "T5LayerNorm has no mean and no β: it is Algorithm N1"),
        (lambda: nn.LayerNorm((2, 3)), 6, r"arrays of shape \(2, 3\)"),
        (lambda: with_other(layer(), norm2__eps=0.5), 9, "norms with 2 ε"),
        (
            lambda: with_other(nn.Transformer(4, 2, 1, 1, batch_first=True), decoder__norm=None),
            8,
            "in one of its two",
        ),
        (lambda: marian(encoder_attention_heads=1), 8, "attention_heads 1 and decoder_attention_"),
    ],
)
def test_an_instance_that_cannot_be_the_algorithm_is_refused(make, id, message):
    with pytest.raises(AdapterError, match=message):
        ready(make(), id)


UNPLACED = (
    (nn.MultiheadAttention(12, 3, add_bias_kv=True), "5", ".bias_k has shape (1, 1, 12): nothing"),
    (
        with_other(nn.LayerNorm(6), temperature=nn.Parameter(torch.ones(2))),
        "6",
        ".temperature has shape (2,): nothing in the algorithm goes there",
    ),
    (
        with_other(layer().eval(), linear2=nn.Linear(13, 6)),
        "9",
        ".linear2.weight has shape (6, 13), where the algorithm has (6, 12)",
    ),
    (Derived, "5", "Derived has no in_proj_bias, where the algorithm has (36,)"),
)


@pytest.mark.parametrize(("function", "id", "message"), UNPLACED)
def test_weights_that_have_no_place_do_not_fit(function, id, message):
    trial = trial_of(function, id)
    assert trial.verdict is Verdict.DOES_NOT_FIT
    assert message in trial.problem


def test_a_format_that_it_does_not_compute_in_is_refused():
    with pytest.raises(AdapterError, match="computes in float32, float16, bfloat16, not float64"):
        function_under_test(jax.nn.dot_product_attention, 4, format="float64")


def test_the_table_shows_every_adapter_in_every_format():
    shown = json.loads((DATA / "adapters.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in shown] == [one.name for one in known()]
    for row, one in zip(shown, known(), strict=True):
        assert row["algorithm"] == one.algorithm
        assert row["departures"] == list(one.adapter.departures)
        wanted = "departs as documented" if one.adapter.departures else "agrees"
        assert [format for format in FORMATS if format in row] == list(one.adapter.formats)
        for format in one.adapter.formats:
            assert row[format]["verdict"] == wanted
            assert row[format]["ratio"] < 1
