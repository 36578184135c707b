"""Does `model` tell what a folder holds and needs, and continue a text as the functions do?"""

import doctest
import json
import shutil
import sys
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from helpers import generic
from helpers.printed import rows
from helpers.processes import ROOT
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from algorithms import DTransformerParameters
from algorithms.checkpoints import continuation, load, model_of, save
from algorithms.extensions.llama import LlamaParameters
from algorithms.signatures.initialisation import initialise
from spec.machine.trees import arrays
from spec.terminal.command import main
from spec.terminal.model_report import FORMATS

#: Of a model whose tokens are letters, all sizes but the rows of heads.
SIZES = {"N_V": 5, "ell_max": 9, "L": 2, "H": 3, "d_e": 6, "d_mlp": 7}
GPT2 = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "activation_function": "gelu",
    "vocab_size": 5,
    "n_positions": 9,
    "n_embd": 6,
    "n_inner": 7,
    "n_layer": 2,
    "n_head": 3,
}
LLAMA = {"N_V": 5, "L": 1, "H_kv": 2, "R": 2, "d_e": 8, "d_mlp": 7, "d_attn": 2, "d_mid": 2}
MISTRAL = {
    "architectures": ["MistralForCausalLM"],
    "model_type": "mistral",
    "vocab_size": 5,
    "hidden_size": 8,
    "intermediate_size": 7,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "sliding_window": 3,
}
LETTERS = "ab\nc\x1b"


def written(folder, config, theta, letters=LETTERS):
    """A folder with a model, and a tokenizer of which each token is a letter."""
    save(model_of(config, theta), folder)
    codes = [pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(c) for c in letters]
    vocabulary = {code: n for n, ((code, _),) in enumerate(codes)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A GPT-2 that is not changed."""
    theta = generic.theta(DTransformerParameters, **SIZES, d_attn=2, d_mid=2)
    theta = theta._replace(W_u=theta.W_e.T)
    return written(tmp_path_factory.mktemp("models") / "gpt2", GPT2, theta)


@pytest.fixture
def folder(kept, tmp_path):
    """The same, to be changed."""
    return shutil.copytree(kept, tmp_path / "gpt2")


@pytest.fixture
def mistral(tmp_path):
    theta = generic.redrawn(initialise(LlamaParameters, generic.rng(), **LLAMA))
    return written(tmp_path / "mistral", MISTRAL, theta)


def change(folder, **fields):
    """Change the config of a model."""
    file = folder / "config.json"
    config = json.loads(file.read_text("utf-8")) | fields
    file.write_text(json.dumps(config), encoding="utf-8")


# What there is ------------------------------------------------------------------------------------


def test_a_model_is_told_with_its_departures_and_sizes(run, kept):
    printed = rows(run("model", str(kept)))
    assert printed[0] == "GPT2LMHeadModel, in float64"
    assert printed[1].startswith("Algorithm 10 ")
    assert "G1 10.5, 10.7, 10.10: layer norm has ε = 1e-05" in printed
    assert "G3 10.11: W_u is W_e transposed: a conversion of θ" in printed
    sizes = ", ".join(f"{name} = {size}" for name, size in {**SIZES, "d_attn": 2}.items())
    assert any(row.startswith(sizes) for row in printed)


def test_a_model_that_is_its_algorithm_has_no_departures(run, tmp_path):
    theta = generic.theta(DTransformerParameters, **SIZES, d_attn=2, d_mid=2)
    config = {**GPT2, "layer_norm_epsilon": 0, "tie_word_embeddings": False}
    out = run("model", str(written(tmp_path / "plain", config, theta)))
    assert "epartures" not in out


def test_what_it_computes_is_what_its_algorithm_costs(run, kept):
    at = [f"{name}={size}" for name, size in SIZES.items()]
    cost = rows(run("cost", "10", "--at", *at, "d_attn=2", "d_mid=2", "ell=4"))
    (total,) = (row.removeprefix("All lines ").split() for row in cost if row.startswith("All l"))
    printed = rows(run("model", str(kept), "--ell", "4"))
    assert f"multiply-adds {total[0]}" in printed
    assert f"other operations {total[1]}" in printed
    (most,) = (row.split()[1] for row in cost if row.startswith("memory "))
    assert any(row.startswith(f"computed, at most {most} ") for row in printed)


def test_memory_is_told_in_each_format_and_a_tied_matrix_once(run, kept):
    printed = rows(run("model", str(kept), "--ell", "4"))
    theta = load(kept).parameters
    numbers = sum(array.size for array in arrays(theta)) - theta.W_u.size
    keys_and_values = SIZES["L"] * SIZES["H"] * 4 * (2 + 2)
    for what, count in (("parameters", numbers), ("keys and values", keys_and_values)):
        (row,) = (row for row in printed if row.startswith(f"{what} {count}"))
        written = row.removeprefix(f"{what} ").split(" ", 1)[1]
        assert written == " ".join(
            f"{count * n / 1e3:.1f} kB" if count * n >= 1000 else f"{count * n} B"
            for n in FORMATS.values()
        )
    assert "Keys and values are H L ℓ (d_attn + d_mid) numbers." in printed


def test_a_window_is_said_and_so_is_a_length_that_nothing_says(run, refused, mistral):
    printed = rows(run("model", str(mistral), "--ell", "4"))
    assert "A layer with the window keeps no more than w = 3 tokens." in printed
    assert "J1 X2.5, X2.7, X2.10: the norms have ε = 1e-06" in printed
    assert refused("model", str(mistral)) == (
        "how long are the sequences of this MistralForCausalLM? Say --ell"
    )
    change(mistral, max_position_embeddings=6)
    assert "For 6 tokens" in rows(run("model", str(mistral)))


@pytest.mark.parametrize("columns", [40], indirect=True)
def test_it_is_told_on_a_narrow_terminal(run, kept, columns):
    assert max(map(len, run("model", str(kept)).splitlines())) <= columns


def test_the_page_shows_what_is_printed(run, tmp_path):
    page = (ROOT / "docs" / "published.rst").read_text("utf-8")
    names = {"np": np, "TemporaryDirectory": TemporaryDirectory, "load": load}
    for example in doctest.DocTestParser().get_examples(page.partition(".. _folders:")[2]):
        if "model" not in names:
            exec(example.source, names)
    save(names["model"], tmp_path / "mine")
    printed = run("model", str(tmp_path / "mine")).rstrip().splitlines()
    shown = "\n".join(
        f"   {row}".rstrip() for row in ["$ formal-transformers model mine", *printed]
    )
    assert shown in page


# What it writes -----------------------------------------------------------------------------------


def decoded(tokens):
    """Tokens as letters; that of control is shown as one that cannot be read."""
    return "".join(LETTERS[y] for y in tokens).replace("\x1b", "\ufffd")


@pytest.mark.parametrize("temperature", ["0", "0.7"])
@pytest.mark.parametrize("which", ["kept", "mistral"])
def test_a_prompt_is_continued_by_the_function(run, request, which, temperature):
    folder = request.getfixturevalue(which)
    x, rng = np.array([0, 3, 1]), np.random.default_rng(4)
    y = continuation(load(folder), x, ell_gen=7, tau=float(temperature), rng=rng)
    options = ["--tokens", "7", "--temperature", temperature, "--seed", "4"]
    out = run("model", str(folder), "--prompt", decoded(x), *options)
    assert out == decoded([*x, *y]) + "\n"


def test_a_prompt_is_read_whole_and_alone(run, folder):
    x, asked = "abababa", ["--tokens", "2", "--temperature", "0"]
    out = run("model", str(folder), "--prompt", x, *asked)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_length=3)
    tokenizer.enable_padding(length=8)
    tokenizer.save(str(folder / "tokenizer.json"))
    assert run("model", str(folder), "--prompt", x, *asked) == out
    assert out.startswith(x)


def test_the_text_ends_where_the_model_says_so(run, folder):
    x = np.array([0, 3, 1])
    y = continuation(load(folder), x, ell_gen=7, tau=0, rng=np.random.default_rng(0)).tolist()
    for ends in (y[0], [y[0]]):
        change(folder, eos_token_id=ends)
        asked = ["--prompt", decoded(x), "--tokens", "7", "--temperature", "0"]
        assert run("model", str(folder), *asked) == decoded(x) + "\n"


def test_the_text_stops_where_the_model_takes_no_more(capsys, kept):
    said = "formal-transformers: the text stops here: the model takes at most 9 tokens\n"
    asked = ("model", str(kept), "--temperature", "0", "--prompt")
    for x in ("ab", 4 * "ab", 4 * "ab" + "a"):
        y = continuation(
            load(kept),
            np.array([LETTERS.index(c) for c in x]),
            ell_gen=10 - len(x),
            tau=0,
            rng=np.random.default_rng(0),
        )
        assert main([*asked, x]) == 0
        assert capsys.readouterr() == (x + decoded(y) + "\n", said)


@pytest.mark.parametrize("columns", [40], indirect=True)
def test_the_rows_of_a_text_are_not_broken(run, tmp_path, columns):
    theta = generic.theta(DTransformerParameters, **{**SIZES, "ell_max": 70}, d_attn=2, d_mid=2)
    folder = tmp_path / "long"
    config = {**GPT2, "n_positions": 70, "tie_word_embeddings": False}
    written(folder, config, theta, letters="abcde")
    out = run("model", str(folder), "--prompt", "abc", "--tokens", "60")
    assert [len(row) for row in out.splitlines()] == [63]


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--ell", "10"],
            "Algorithm 10 requires length(x) ≤ ℓ_max; here length(x) = 10, ℓ_max = 9",
        ),
        (["--ell", "0"], "argument --ell: 0 is not a whole number, 1 or more"),
        (["--tokens", "x"], "argument --tokens: x is not a whole number, 1 or more"),
        (["--prompt", ""], "the prompt is no token"),
        (["--prompt", "z"], "the prompt is no token"),
        (["--prompt", "\udc80"], "the prompt is not in UTF-8"),
        (["--prompt", 5 * "ab"], "the prompt has 10 tokens, and the model takes at most 9"),
        (["--prompt", "ab", "--ell", "5"], "--ell is of no use with --prompt"),
        (["--tokens", "3"], "--tokens is of no use without --prompt"),
        (["--temperature", "0"], "--temperature is of no use without --prompt"),
        (["--seed", "0"], "--seed is of no use without --prompt"),
        (["--prompt", "ab", "--seed", "-1"], "argument --seed: -1 is not a whole number, 0 or"),
        (["--prompt", "a", "--tokens", "2", "--temperature", "-1"], "CachedDInference: want tau"),
        (["--implementation", "theirs"], "--implementation: theirs.checkpoints cannot be imported"),
    ],
    ids=lambda value: (
        " ".join(value).encode("ascii", "replace").decode() if isinstance(value, list) else ""
    ),
)
def test_what_makes_no_sense_is_refused(refused, kept, options, message):
    assert refused("model", str(kept), *options).startswith(message)


def test_what_is_no_model_is_refused(refused, folder):
    assert refused("model", str(folder / "none")) == f"{folder / 'none'}: is no folder"
    change(folder, activation_function="softplus")
    message = refused("model", str(folder))
    assert message.startswith(f'{folder / "config.json"}: activation_function is "softplus"')


def test_without_a_tokenizer_no_text_is_continued(refused, folder, monkeypatch):
    file, asked = folder / "tokenizer.json", ["model", str(folder), "--prompt", "a"]
    file.write_text("{", encoding="utf-8")
    assert refused(*asked).startswith(f"{file}: ")
    file.unlink()
    assert refused(*asked) == f"{folder} has no tokenizer.json, which --prompt needs"
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    assert refused(*asked) == (
        "the module tokenizers is missing, which --prompt needs: pip install tokenizers"
    )


def test_tokens_that_the_model_has_not_are_refused(run, refused, folder):
    file, asked = folder / "tokenizer.json", ("model", str(folder), "--prompt")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.add_tokens(["more"])
    tokenizer.save(str(file))
    message = f"{file} is not this model's: it has a token 5, the model 0 … 4"
    assert run(*asked, "a", "--tokens", "2").startswith("a")
    assert refused(*asked, "more", "--tokens", "2") == message
    text = file.read_text("utf-8").replace('"a": 0', '"a": 5')
    file.write_text(text, encoding="utf-8")
    assert refused(*asked, "b", "--tokens", "2") == message
