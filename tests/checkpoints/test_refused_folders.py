"""Is a folder that is damaged, hostile or of another model refused, in one line, by name?"""

from __future__ import annotations

import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.rounding import apart
from safetensors.numpy import load_file, save_file

from algorithms import DTransformerParameters, initialise
from algorithms.checkpoints import load, model_of, save

SIZES = {"N_V": 11, "ell_max": 8, "L": 2, "H": 3, "d_e": 6, "d_mlp": 24, "d_attn": 2, "d_mid": 2}
CONFIG = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "vocab_size": 11,
    "n_positions": 8,
    "n_embd": 6,
    "n_layer": 2,
    "n_head": 3,
    "tie_word_embeddings": False,
}
NORM, WHOLE = "transformer.ln_f.weight", "model.safetensors"
INDEX = f"{WHOLE}.index.json"
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    rng = np.random.default_rng(0)
    theta = initialise(DTransformerParameters, rng, dtype="float32", **SIZES)
    folder = tmp_path_factory.mktemp("saved") / "gpt2"
    save(model_of(CONFIG, theta), folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path, monkeypatch):
    shutil.copytree(saved, tmp_path / "m")
    monkeypatch.chdir(tmp_path)
    return Path("m")


def config(text):
    return lambda folder: (folder / "config.json").write_text(text)


def without(name):
    return lambda folder: (folder / name).unlink()


def arrays(change):
    """A folder whose arrays are otherwise."""

    def write(folder):
        have = load_file(folder / WHOLE)
        change(have)
        save_file(have, folder / WHOLE)

    return write


def put(name, shape, dtype=np.float32):
    return arrays(lambda have: have.update({name: np.ones(shape, dtype)}))


def header(text, data=b"", length=None):
    """A file of which every byte is ours."""

    def write(folder):
        text_ = text.encode()
        size = struct.pack("<Q", len(text_) if length is None else length)
        (folder / WHOLE).write_bytes(size + text_ + data)

    return write


def entry(shape, begin, end):
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


def cut(folder):
    data = (folder / WHOLE).read_bytes()
    (folder / WHOLE).write_bytes(data[:-4])


def shards(change=lambda index: None, more=()):
    """A folder in two files, and an index that says otherwise."""

    def write(folder):
        have = load_file(folder / WHOLE)
        (folder / WHOLE).unlink()
        norm = {NORM: have.pop(NORM)}
        save_file(have, folder / ONE)
        save_file({**norm, **{name: have[name] for name in more}}, folder / TWO)
        index = {**dict.fromkeys(have, ONE), NORM: TWO}
        change(index)
        (folder / INDEX).write_text(json.dumps({"weight_map": index}))

    return write


def led_out(name):
    return shards(lambda index: index.update({NORM: name}))


def linked(folder):
    shards()(folder)
    (folder / TWO).rename(folder.parent / "outside")
    (folder / TWO).symlink_to("../outside")


def circle(folder):
    shards()(folder)
    (folder / TWO).unlink()
    (folder / TWO).symlink_to(TWO)


def a_folder(folder):
    shards()(folder)
    (folder / TWO).unlink()
    (folder / TWO).mkdir()


def pickled(folder):
    (folder / WHOLE).rename(folder / "pytorch_model.bin")


def both(folder):
    (folder / INDEX).write_text("{}")


def index(text):
    def write(folder):
        (folder / WHOLE).unlink()
        (folder / INDEX).write_text(text)

    return write


EMB = "transformer.wte.weight"
REFUSED = {
    # What is there
    "no folder": (shutil.rmtree, "m: is no folder"),
    "no config": (without("config.json"), "m: has no config.json"),
    "no arrays": (without(WHOLE), f"m: has no {WHOLE}"),
    "pickled arrays": (
        pickled,
        f"m: has no {WHOLE}, only pytorch_model.bin, which is not unpickled",
    ),
    "one file and several": (both, f"m: has both {WHOLE} and {INDEX}"),
    "a config that is no JSON": (
        config("{"),
        "m/config.json: is not JSON (",
    ),
    "a config that is nested without end": (
        config("[" * 100_000),
        "m/config.json: is not JSON (",
    ),
    "a config that is a list": (config("[]"), "m/config.json: is [], want an object"),
    # Arrays
    "an array less": (
        arrays(lambda have: have.pop(NORM)),
        f"m: no array is called {NORM}",
    ),
    "an array more": (
        put("transformer.h.1.ln_3.weight", 6),
        "m: θ has no place for array transformer.h.1.ln_3.weight",
    ),
    "a layer more": (
        put("transformer.h.2.ln_1.weight", 6),
        "m: θ has no place for array transformer.h.2.ln_1.weight",
    ),
    "an adapter": (put("lora.A", 6), "m: θ has no place for array lora.A"),
    "the head of another task": (
        put("score.weight", 6),
        "m: θ has no place for array score.weight",
    ),
    "offsets of attention sinks": (
        put("transformer.h.0.attn.sinks.bias", 6),
        "m: θ has no place for array transformer.h.0.attn.sinks.bias",
    ),
    "frequencies of a norm": (
        put("transformer.h.0.ln_1.inv_freq", 6),
        "m: θ has no place for array transformer.h.0.ln_1.inv_freq",
    ),
    "a mask beyond the layers": (
        put("transformer.h.2.attn.bias", 6),
        "m: θ has no place for array transformer.h.2.attn.bias",
    ),
    "a bias of the scores": (put("lm_head.bias", 11), "m: θ has no place for array lm_head.bias"),
    "an array of another size": (put(NORM, 7), f"m: {NORM} has shape (7,), want (6,)"),
    "an array of more axes": (put(NORM, (6, 1)), f"m: {NORM} has shape (6, 1), want (6,)"),
    "an array without axes": (put(NORM, ()), f"m: {NORM} has shape (), want (6,)"),
    "a transposed matrix": (put(EMB, (6, 11)), f"m: {EMB} has shape (6, 11), want (11, 6)"),
    "whole numbers": (put(NORM, 6, np.int64), f"m: {NORM} has type I64, want a float"),
    "two types": (
        put(NORM, 6, np.float64),
        f"m: {NORM} has type F64, {EMB} has F32: choose by load(…, dtype='float32')",
    ),
    "one array twice": (put("wte.weight", (11, 6)), f"m: two arrays are called {EMB}"),
    # Hostile files
    "an empty file": (
        lambda folder: (folder / WHOLE).write_bytes(b""),
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "a file that is cut off": (
        cut,
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "a header longer than the file": (
        header("{}", length=10**4),
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "a header of terabytes": (
        header("{}", length=2**62),
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "a header that is no JSON": (
        header("{'a"),
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "arrays that overlap": (
        header(json.dumps({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}), b"\0" * 12),
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "an array that ends beyond the file": (
        header(json.dumps({"a": entry([2], 0, 8)}), b"\0" * 4),
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "a shape that its bytes do not hold": (
        header(json.dumps({"a": entry([2**61, 8], 0, 8)}), b"\0" * 8),
        f"m/{WHOLE}: is no safetensors file (",
    ),
    "a file of no arrays": (header("{}"), f"m: no array is called {EMB}"),
    # Shards
    "an index that is no JSON": (
        index("?"),
        f"m/{INDEX}: is not JSON (",
    ),
    "an index that is a list": (index("[]"), f"m/{INDEX}: has no weight_map of files"),
    "an index of numbers": (
        index('{"weight_map": {"a": 1}}'),
        f"m/{INDEX}: has no weight_map of files",
    ),
    "a shard that is missing": (led_out("three"), "m: has no three"),
    "a shard in the folder above": (
        led_out("../outside"),
        "m: ../outside is not in the folder itself",
    ),
    "a shard somewhere else": (
        led_out("/etc/passwd"),
        "m: /etc/passwd is not in the folder itself",
    ),
    "a shard behind a link": (linked, f"m: {TWO} is not in the folder itself"),
    "a shard in this folder, by way of none": (
        led_out(f"none/../{TWO}"),
        f"m: none/../{TWO} is not in the folder itself",
    ),
    "a shard with a name that no file has": (
        led_out("a" * 300),
        f"m/{INDEX}: has no weight_map of files",
    ),
    "an array with a name that has no end": (
        header(json.dumps({"a" * 10**5: entry([2], 0, 8)}), b"\0" * 8),
        f'm/{WHOLE}: "{"a" * 56}... is no name of an array',
    ),
    "a shard without a name": (led_out(""), "m:  is not in the folder itself"),
    "a shard that leads to itself": (circle, f"m: has no {TWO}"),
    "a shard that is a folder": (a_folder, f"m: has no {TWO}"),
    "a shard in two lines": (led_out("a\nb"), f"m/{INDEX}: has no weight_map of files"),
    "a name in two lines": (
        header(json.dumps({"a\nb": entry([2], 0, 8)}), b"\0" * 8),
        f'm/{WHOLE}: "a\\nb" is no name of an array',
    ),
    "an array in two shards": (
        shards(more=[EMB]),
        f"m/{INDEX}: says that {EMB} is in {ONE}, {TWO} has it",
    ),
    "an array that no index names": (
        shards(lambda index: index.pop("transformer.wpe.weight")),
        f"m/{INDEX}: says that transformer.wpe.weight is in no file, {ONE} has it",
    ),
    "an array that no shard has": (
        shards(lambda index: index.update({"another": ONE})),
        f"m/{INDEX}: says that another is in {ONE}, which has it not",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_is_refused_in_one_line(name, folder):
    change, message = REFUSED[name]
    change(folder)
    with pytest.raises((ValueError, TypeError, FileNotFoundError)) as refused:
        load(folder)
    said = str(refused.value)
    assert "\n" not in said
    if message.endswith("("):  # then in the words of Python or safetensors
        assert said.startswith(f"load: {message}")
    else:
        assert said == f"load: {message}"


@pytest.mark.parametrize(("dtype", "number"), [("float16", 65_520), ("float32", 1e39)])
def test_numbers_that_a_type_has_not_are_refused_by_name(dtype, number, folder):
    arrays(lambda have: have.update({k: w.astype(float) for k, w in have.items()}))(folder)
    put_in = arrays(lambda have: have[NORM].put(3, number))
    put_in(folder)
    message = rf"^load: m: {NORM} has numbers that pass the largest of {dtype}, [0-9.e+]+$"
    with pytest.raises(ValueError, match=message):
        load(folder, dtype=dtype)
    put("transformer.ln_f.bias", 6, np.float64)(folder)
    arrays(lambda have: have[NORM].put(3, np.inf))(folder)
    assert np.isinf(load(folder, dtype=dtype).parameters.gamma[3])


def test_the_folder_is_read_as_it_is(folder):
    model = load(folder)
    assert model(np.array([10, 3, 1])).shape == (11, 3)
    shards()(folder)
    x = np.array([10, 3, 1])
    assert apart(load(folder)(x), model(x)) == 0


def test_a_link_within_hugging_faces_cache_is_followed(folder):
    cached = folder.parent / "models--m"
    (cached / "blobs").mkdir(parents=True)
    snapshot = cached / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    for file in folder.iterdir():
        file.rename(cached / "blobs" / file.name)
        (snapshot / file.name).symlink_to(f"../../blobs/{file.name}")
    assert load(snapshot).sizes["N_V"] == 11


@pytest.mark.parametrize("package", ["safetensors", "safetensors.numpy"])
def test_without_the_package_a_line_says_what_to_install(package, folder, monkeypatch):
    model = load(folder)
    monkeypatch.setitem(sys.modules, package, None)
    install = r"needs the package safetensors: pip install 'formal-transformers\[models\]'$"
    if package == "safetensors":
        with pytest.raises(ImportError, match=f"^load: {install}"):
            load(folder)
    else:
        with pytest.raises(ImportError, match=f"^save: {install}"):
            save(model, folder.parent / "again")
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]
