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
from transformers import BertForMaskedLM, MarianConfig, MarianMTModel

from spec.adapters.libraries.registry import ready
from spec.calling.verdict import Verdict
from spec.checking.check import check, function_under_test
from spec.inputs.arguments import AdapterError
from spec.inputs.formats import FORMATS
from spec.inputs.variations import Variation

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
KINDS |= {"5": KINDS["4"], "10": KINDS["9"]}


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


@pytest.mark.parametrize(
    ("function", "id", "verdict"),
    [
        (F.scaled_dot_product_attention, 4, Verdict.AGREES),
        (nn.MultiheadAttention, 5, Verdict.AGREES),
        (nn.LayerNorm, 6, Verdict.AGREES),
        pytest.param(BertForMaskedLM, 9, Verdict.DEPARTS, marks=pytest.mark.sweep),
    ],
)
def test_the_verdict_is_that_of_its_adapter(function, id, verdict):
    report = check(function, id, format="float32")
    assert report.verdict is verdict
    assert report.ratio < 1


# Classes, instances, and what is neither ----------------------------------------------------------


class Derived(nn.MultiheadAttention):
    pass


def test_an_adapter_is_found_for_what_derives_from_what_is_known():
    assert ready(Derived, 5).name == "torch.nn.MultiheadAttention"
    assert ready(Derived(4, 2), 5).name == "torch.nn.MultiheadAttention"
    assert ready(nn.MultiheadAttention, "4") is None
    assert ready(sorted, 5) is None
    assert ready(3, 5) is None


def test_no_library_is_imported_to_find_that_nothing_is_known():
    code = (
        "import sys; from spec.adapters.libraries.registry import ready\n"
        "assert ready(sorted, 4) is None\n"
        "assert not {'torch', 'jax', 'transformers'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_instance_keeps_its_weights():
    layer = nn.TransformerEncoderLayer(6, 3, 12, activation="gelu").eval()
    before = {name: weight.clone() for name, weight in layer.state_dict().items()}
    (trial,) = tried(Ready(layer, "9"), "float32", [USUAL])
    assert trial.verdict is Verdict.AGREES
    after = layer.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())


def test_an_instance_keeps_its_sizes_and_its_epsilon():
    layer = nn.TransformerEncoderLayer(10, 5, 7, activation="gelu", layer_norm_eps=0.25).eval()
    (trial,) = tried(Ready(layer, "9"), "float32", [USUAL])
    W = trial.arguments.theta.layers[0].W
    assert W.W_qkv.W_q.shape == (5, 2, 10)
    assert trial.arguments.eps == 0.25


def test_an_instance_that_drops_out_is_not_deterministic():
    layer = nn.TransformerEncoderLayer(6, 3, 12, dropout=0.5, activation="gelu")
    (trial,) = tried(Ready(layer, "9"), "float32", [USUAL])
    assert trial.verdict is Verdict.NOT_DETERMINISTIC
    assert layer.training


@pytest.mark.parametrize(("norm_first", "id"), [(False, "9"), (True, "10")])
def test_a_layer_that_torch_computes_in_one_function_is_computed_so(norm_first, id, monkeypatch):
    calls = []
    quick = torch._transformer_encoder_layer_fwd
    monkeypatch.setattr(
        torch, "_transformer_encoder_layer_fwd", lambda *args: calls.append(1) or quick(*args)
    )
    tried(Ready(quick_layer(norm_first=norm_first), id), "float32", [USUAL])
    assert calls


def test_an_instance_need_not_have_offsets():
    layer = nn.TransformerEncoderLayer(6, 3, 12, activation="gelu", bias=False).eval()
    (trial,) = tried(Ready(layer, "9"), "float64", [USUAL])
    assert trial.verdict is Verdict.AGREES
    assert not trial.arguments.theta.layers[0].beta1.any()
    assert trial.arguments.theta.beta.any()


def test_attention_whose_weights_are_asked_for_gives_nan_where_nothing_may_be_attended_to():
    class Asked(nn.MultiheadAttention):
        def forward(self, *args, need_weights, **options):
            return super().forward(*args, need_weights=True, **options)

    usual, empty, itself = tried(Ready(Asked, "5"), "float64", KINDS["5"])
    assert usual.verdict is itself.verdict is Verdict.AGREES
    assert empty.verdict is Verdict.DEPARTS  # the paper has no value there


def marian(**options):
    sizes = {"vocab_size": 7, "d_model": 4, "pad_token_id": 0, "decoder_start_token_id": 0}
    layers = {"encoder_layers": 1, "decoder_layers": 1, "decoder_attention_heads": 2}
    widths = {"encoder_ffn_dim": 5, "decoder_ffn_dim": 5, "max_position_embeddings": 8}
    all = {**sizes, **layers, **widths, "encoder_attention_heads": 2, **options}
    return MarianMTModel(MarianConfig(**all)).eval()


def test_an_instance_of_marian_has_the_differences_that_it_is_configured_with():
    plain = marian(activation_function="relu", scale_embedding=False)
    assert ready(plain, 8).departures == ()
    (trial,) = tried(Ready(plain, "8"), "float64", [USUAL])
    assert trial.verdict is Verdict.AGREES
    other = marian(activation_function="gelu", scale_embedding=True)
    assert ready(other, 8).departures == ("gelu-8", "embedding-scaled-8")


def own_W_u():
    return marian(activation_function="relu", tie_word_embeddings=False)


def test_an_instance_need_not_have_W_e_for_W_u():
    (trial,) = tried(Ready(own_W_u(), "8"), "float64", [USUAL])
    assert trial.verdict is Verdict.AGREES
    theta = trial.arguments.theta
    assert not (theta.W_u == theta.W_e.T).all()


class MoreThanThat(nn.LayerNorm):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.temperature = nn.Parameter(torch.ones(2))


class Wider(nn.TransformerEncoderLayer):
    def __init__(self, d_model, *args, **options):
        super().__init__(d_model, *args, **options)
        self.linear2 = nn.Linear(self.linear1.out_features + 1, d_model)


class LessThanThat(nn.MultiheadAttention):
    def __init__(self, *args, **options):
        super().__init__(*args, **options, bias=False)


def two_epsilons():
    layer = nn.TransformerEncoderLayer(6, 3, 12)
    layer.norm2.eps = 0.5
    return layer


def half_normed():
    model = nn.Transformer(4, 2, 1, 1, 5, batch_first=True)
    model.decoder.norm = None
    return model


@pytest.mark.parametrize(
    ("make", "id", "message"),
    [
        (lambda: nn.MultiheadAttention(4, 2, kdim=3, vdim=5), 5, "keys of 3 numbers"),
        (lambda: nn.MultiheadAttention(4, 2, add_zero_attn=True), 5, "a key of zeros"),
        (lambda: nn.LayerNorm((2, 3)), 6, r"arrays of shape \(2, 3\)"),
        (two_epsilons, 9, "norms with 2 ε"),
        (half_normed, 8, "a last norm in one of its two halves"),
        (
            lambda: marian(encoder_attention_heads=1),
            8,
            "encoder_attention_heads 1 and decoder_attention_heads 2, and",
        ),
    ],
)
def test_an_instance_that_cannot_be_the_algorithm_is_refused(make, id, message):
    with pytest.raises(AdapterError, match=message):
        ready(make(), id)


@pytest.mark.parametrize(
    ("function", "id", "message"),
    [
        (
            nn.MultiheadAttention(12, 3, add_bias_kv=True),
            "5",
            "MultiheadAttention.bias_k has shape (1, 1, 12): nothing in the algorithm goes there",
        ),
        (
            MoreThanThat,
            "6",
            "MoreThanThat.temperature has shape (2,): nothing in the algorithm goes there",
        ),
        (
            Wider,
            "9",
            "Wider.linear2.weight has shape (6, 13), where the algorithm has (6, 12)",
        ),
        (LessThanThat, "5", "LessThanThat has no in_proj_bias, where the algorithm has (36,)"),
    ],
)
def test_weights_that_have_no_place_do_not_fit(function, id, message):
    (trial,) = tried(Ready(function, id), "float64", [USUAL])
    assert trial.verdict is Verdict.DOES_NOT_FIT
    assert trial.problem == message


def test_a_format_that_it_does_not_compute_in_is_refused():
    with pytest.raises(AdapterError, match="computes in float32, bfloat16, not float64"):
        function_under_test(jax.nn.dot_product_attention, 4, format="float64")


def test_the_table_shows_every_adapter_in_every_format():
    shown = json.loads((DATA / "adapters.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in shown] == [one.name for one in known()]
    for row, one in zip(shown, known(), strict=True):
        assert row["algorithm"] == one.algorithm
        assert row["departures"] == list(one.adapter.departures)
        assert [format for format in FORMATS if format in row] == [
            format for format in FORMATS if format in one.adapter.formats
        ]
        wanted = "departs as documented" if one.adapter.departures else "agrees"
        for format in one.adapter.formats:
            assert row[format]["verdict"] == wanted
            assert row[format]["ratio"] < 1
