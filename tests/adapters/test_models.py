"""Are whole models made of modules, and layers alone, called rightly, and are mistakes seen?"""

from __future__ import annotations

import inspect

import pytest
import torch
from helpers.planting import compiled
from helpers.quick_check import assert_agrees, problem, quick_check
from torch import nn
from user_code import models

from spec.adapters.choose import adapter_for
from spec.adapters.modules.module_adapter import modules
from spec.calling.verdict import Verdict
from spec.checking.check import check
from spec.inputs.adapter_error import AdapterError

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

BATCH = {"batch": "first"}
LOGITS = {**BATCH, "result": "logits"}
MASKED = {**BATCH, "mask": "masked"}
#: The algorithm, the name of the model, how it is called, and what its adapter's name ends with.
MODELS = {
    "a configuration": (10, "GPT", LOGITS, "logits, tied, torch"),
    "a factory of any sizes": (10, "gpt_of", LOGITS, "logits, tied, torch"),
    "a factory without parameters": (10, "small_gpt", LOGITS, "logits, tied, torch"),
    "no offsets": (
        10,
        "without_biases",
        LOGITS,
        "no beta, b_mlp1, b_mlp2, beta1, beta2, b_k, b_o, b_q, b_v, torch",
    ),
    "pairs of parts": (10, "WithoutBiases", LOGITS, "no b_k, b_q, b_v, head.1.bias 0, torch"),
    "arrays of NumPy": (
        10,
        "ArraysOfNumPy",
        {"result": "logits", "weights": "in first"},
        "in first, logits, tied, no b_mlp1, b_mlp2, b_k, b_o, b_q, b_v",
    ),
    "two sequences": (8, "EncoderDecoder", LOGITS, "logits, generator.bias 0, torch"),
    "a layer of an encoder": (9, "PostNormLayer", BATCH, "a layer, torch"),
    "a layer of a decoder": (10, "PreNormLayer", MASKED, "mask masked, a layer, torch"),
    "layers and a last norm": (10, "torch_stack", MASKED, "mask masked, layers, torch"),
    "layers without a last norm": (10, "bare_stack", MASKED, "mask masked, layers, torch"),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    algorithm, model, options, words = MODELS[name]
    function = getattr(models, model)
    adapter = adapter_for(function, algorithm, **options)
    assert adapter.name.endswith(words)
    assert_agrees(quick_check(function, algorithm, adapter, kinds=3))
    assert_agrees(quick_check(function, algorithm, adapter, "float32", kinds=1))


@pytest.mark.sweep
@pytest.mark.parametrize("name", MODELS)
def test_models_on_arguments_of_every_kind(name):
    algorithm, model, options, _ = MODELS[name]
    function = getattr(models, model)
    assert_agrees(check(function, algorithm, adapter=adapter_for(function, algorithm, **options)))


#: A mistake in each model: what is written, and what is written in its place.
PLANTED = {
    "a configuration": ("x + self.mlp(self.ln_2(x))", "x + self.mlp(x)"),
    "a factory of any sizes": ("math.sqrt(k.size(-1))", "k.size(-1)"),
    "a factory without parameters": ("x + self.attn(self.ln_1(x))", "x + self.attn(self.ln_2(x))"),
    "no offsets": ("self.transformer.wte(idx) + self", "self.transformer.wte(idx) * 2 + self"),
    "pairs of parts": ("x = attention(x) + x", "x = attention(x)"),
    "arrays of NumPy": ("np.triu(np.ones((n, n), bool), 1)", "np.triu(np.ones((n, n), bool), 2)"),
    "two sequences": ("self.src_attn(x, memory, memory,", "self.src_attn(memory, x, x,"),
    "a layer of an encoder": ("self.attn_norm(x + self.attn(", "x + self.attn_norm(self.attn("),
    "a layer of a decoder": ("x + self.mlp(self.norm2(x))", "x + self.mlp(self.norm1(x))"),
    "layers and a last norm": ("norm_first=True", "norm_first=False"),
    "layers without a last norm": ('activation="gelu"', 'activation="relu"'),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_in_them_is_seen(name):
    algorithm, model, options, _ = MODELS[name]
    right, wrong = PLANTED[name]
    source = inspect.getsource(models)
    assert right in source
    if name == "two sequences":  # of the same length, so that the shapes are right
        wrong = "self.src_attn(x, memory.flip(1), memory,"
    planted = compiled(source.replace(right, wrong), vars(models))[model]
    adapter = adapter_for(planted, algorithm, **options)
    assert problem(planted, algorithm, adapter)[0] is Verdict.DIFFERS


@pytest.mark.sweep
def test_a_mistake_in_a_model_is_named():
    source = inspect.getsource(models)
    planted = compiled(source.replace("math.sqrt(k.size(-1))", "1"), vars(models))["GPT"]
    report = check(planted, 10, adapter=adapter_for(planted, 10, **LOGITS))
    assert report.mistakes == [("scale-missing",)]


def test_a_model_stays_as_it_is():
    model = models.small_gpt().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert_agrees(quick_check(model, 10, modules(model, 10, **LOGITS), kinds=1))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_its_sizes_and_its_epsilon_are_those_of_the_model():
    def make():
        return models.GPT(models.Config(8, 11, 3, 2, 8))

    sizes = modules(make, 10, **LOGITS).sizes(
        {"length(x)": 20, "d_attn": 4, "d_mid": 4, "d_e": 6, "H": 3, "L": 2}
    )
    wanted = {"N_V": 11, "ℓ_max": 8, "L": 3, "H": 2, "d_e": 8, "d_attn": 4, "d_mlp": 32}
    assert wanted.items() <= sizes.items()
    assert sizes["length(x)"] == 8
    assert modules(make, 10, **LOGITS).values == {"ε": 1e-5}
    assert modules(make, 10, **LOGITS, eps=0.5).values == {"ε": 0.5}


class Odd(models.GPT):
    """Parts whose names nobody knows."""

    def __init__(self, config: models.Config):
        super().__init__(config)
        for block in self.transformer.h:
            block.one, block.two = block.ln_1, block.ln_2
            block.ln_1 = block.ln_2 = None
        self.transformer.what = self.transformer.pop("wpe")

    def forward(self, idx, targets=None):
        for block in self.transformer.h:
            block.ln_1, block.ln_2 = block.one, block.two
        self.transformer.wpe = self.transformer.what
        logits = super().forward(idx, targets)
        for block in self.transformer.h:
            block.ln_1 = block.ln_2 = None
        del self.transformer.wpe
        return logits


def test_names_that_are_not_known_can_be_given():
    names = {"transformer.what.weight": "W_p"}
    with pytest.raises(AdapterError, match="has one, two in each layer, whose names do not show"):
        modules(Odd, 10, **LOGITS, names=names)
    for number, part in enumerate(("one", "two"), 1):
        names[f"transformer.h.*.{part}.weight"] = f"gamma{number}"
        names[f"transformer.h.*.{part}.bias"] = f"beta{number}"
    assert_agrees(quick_check(Odd, 10, modules(Odd, 10, **LOGITS, names=names), kinds=1))


class Extra(models.GPT):
    def __init__(self, config: models.Config):
        super().__init__(config)
        self.temperature = nn.Parameter(torch.ones(3))


class Gated(nn.Module):
    def __init__(self, vocab_size, block_size, dim, n_layers, n_heads):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab_size, dim), nn.Embedding(block_size, dim)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(dim, n_heads) for _ in range(n_layers)
        )
        for layer in self.layers:
            layer.gate = nn.Linear(dim, 2048)


class NoPositions(models.GPT):
    def __init__(self, config: models.Config):
        super().__init__(config)
        del self.transformer.wpe


REFUSED = (
    (Extra, 10, "Extra.temperature has shape (3,): no parameter of Algorithm 10 goes there"),
    (NoPositions, 10, "W_p of Algorithm 10 goes to no parameter of NoPositions"),
    (Gated, 9, "Gated has linear1, linear2, gate in each layer, whose names do not show where"),
    (
        models.GPT,
        8,
        "GPT should have a list of layers for each of encoder_layers and decoder_layers, and has ",
    ),
    (
        models.EncoderDecoder,
        10,
        "EncoderDecoder should have a list of layers for each of layers, and has encoder (",
    ),
    (models.GPT, 9, "W_f of Algorithm 9 goes to no parameter of GPT"),
)


@pytest.mark.parametrize(("function", "algorithm", "message"), REFUSED)
def test_models_that_do_not_fit(function, algorithm, message):
    with pytest.raises(AdapterError) as caught:
        modules(function, algorithm, **LOGITS)
    assert str(caught.value).startswith(message)


def test_logits_that_are_taken_for_probabilities():
    assert problem(models.GPT, 10, modules(models.GPT, 10, **BATCH)) == (
        Verdict.DOES_NOT_FIT,
        (
            "GPT returns numbers below 0, which are not probabilities: say logits "
            "(result='logits') if they are logits"
        ),
    )


def test_norms_that_are_a_documented_difference():
    def stack(**options):
        return nn.Transformer(
            6, 2, 2, 2, 12, activation="relu", batch_first=True, dropout=0.0, **options
        )

    class Translator(nn.Module):
        def __init__(self):
            super().__init__()
            self.tok_emb, self.pos_emb = nn.Embedding(17, 6), nn.Embedding(11, 6)
            self.transformer = stack()
            self.head = nn.Linear(6, 17, bias=False)

        def forward(self, src, tgt):
            z, x = (self.tok_emb(text) + self.pos_emb.weight[: text.size(1)] for text in (src, tgt))
            later = torch.ones(x.size(1), x.size(1), dtype=torch.bool).triu(1)
            return self.head(self.transformer(z, x, tgt_mask=later))

    adapter = modules(Translator(), 8, **LOGITS)
    assert adapter.departures == ("final-norms-8",)
    assert all(trial.verdict.passes for trial in quick_check(Translator(), 8, adapter).trials)


def test_half_precision_is_no_obstacle():
    model = models.small_gpt().half()
    assert_agrees(quick_check(model, 10, modules(model, 10, **LOGITS), kinds=1))
