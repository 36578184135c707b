"""A model in a folder on disk: `load` and `save`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from algorithms.checkpoints.bert_configs import (
    bare_bert,
    bert,
    bert_for_classes,
)
from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.described import Described
from algorithms.checkpoints.file_arrays import (
    arrays_of_file,
    compared,
    converted,
    refuse_unlike,
)
from algorithms.checkpoints.gpt2_config import gpt2
from algorithms.checkpoints.gpt_neo_config import gpt_neo
from algorithms.checkpoints.gpt_neox_config import gpt_neox
from algorithms.checkpoints.gptj_config import gptj
from algorithms.checkpoints.llama_configs import (
    llama,
    mistral,
    qwen2,
    qwen3,
)
from algorithms.checkpoints.marian_config import marian
from algorithms.checkpoints.model_config import (
    Config,
    read_json,
    shown,
    written,
)
from algorithms.checkpoints.t5_configs import mt5, t5, umt5
from algorithms.checkpoints.weight_files import (
    WHOLE,
    inside,
    open_weights,
)
from algorithms.signatures.array_types import library
from algorithms.signatures.arrays import device, namespace
from algorithms.signatures.errors import DTypeError
from algorithms.signatures.trees import named_arrays, tree_map
from algorithms.training.saved_runs import sync_folder

#: Of Hugging Face's classes, their `model_type` and what reads it.
ARCHITECTURES: Mapping[
    str, tuple[str, Callable[[Config], Described]]
] = {
    "BertForMaskedLM": ("bert", bert),
    "BertForSequenceClassification": ("bert", bert_for_classes),
    "BertModel": ("bert", bare_bert),
    "GPT2LMHeadModel": ("gpt2", gpt2),
    "GPTJForCausalLM": ("gptj", gptj),
    "GPTNeoForCausalLM": ("gpt_neo", gpt_neo),
    "GPTNeoXForCausalLM": ("gpt_neox", gpt_neox),
    "LlamaForCausalLM": ("llama", llama),
    "MT5ForConditionalGeneration": ("mt5", mt5),
    "MarianMTModel": ("marian", marian),
    "MistralForCausalLM": ("mistral", mistral),
    "Qwen2ForCausalLM": ("qwen2", qwen2),
    "Qwen3ForCausalLM": ("qwen3", qwen3),
    "T5ForConditionalGeneration": ("t5", t5),
    "UMT5ForConditionalGeneration": ("umt5", umt5),
}


@dataclass(frozen=True, eq=False)
class Model:
    """A published model, called alike whichever it is.

    `model(x)` are its probabilities, of a model that translates
    `model(z, x)`. Keywords are those of its function: `padding=`,
    `segments=`.

    Parameters
    ----------
    architecture : str
        Hugging Face's name of its class, "GPT2LMHeadModel".
    algorithm : str
        The algorithm that its function is, with departures: "10".
    function
        `GPT2`, `BERT`, …
    parameters
        θ, or θ and what the model adds to it: the function's.
    options : mapping
        What the config says that the function takes besides: `eps`,
        `activation`, a window `w`, and ω in float64, which a call
        converts to the library and type of θ.
    departures : tuple of Departure
        How it differs from the algorithm: those that it has.
    sizes : mapping
        By the algorithm's letters, "d_e".
    config : mapping
        The config.json.
    causal : bool
        Whether column t of P is about token t+1.
    cached : function, optional
        What continues a text as `function` does, and keeps keys and
        values: `CachedDInference`, `CachedLlamaInference` or
        `CachedMistralInference`.
    """

    architecture: str
    algorithm: str
    function: Callable[..., Any]
    parameters: Any = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    departures: tuple[Departure, ...] = field(repr=False)
    sizes: Mapping[str, int]
    config: Mapping[str, Any] = field(repr=False)
    causal: bool = field(repr=False)
    cached: Callable[..., Any] | None = field(repr=False)

    def __call__(self, *tokens: Any, **options: Any) -> Any:
        """P of some tokens, or p of classes."""
        given = {**self.converted_options(), **options}
        return self.function(*tokens, self.parameters, **given)

    def map(self, f: Callable[[Any], Any], /) -> Model:
        """The same with `f` of each array of θ: `torch.asarray`."""
        parameters = tree_map(f, self.parameters)
        return replace(self, parameters=parameters)

    def converted_options(self) -> Mapping[str, Any]:
        """The options, ω in the library and type of θ."""
        _, first = next(named_arrays(self.parameters, ""))
        xp = namespace(first)
        return {
            name: xp.asarray(
                value, dtype=first.dtype, device=device(first)
            )
            if library(value)
            else value
            for name, value in self.options.items()
        }


def load(
    path: str | PathLike[str], *, dtype: str | None = None
) -> Model:
    """Read a model from a folder, as Hugging Face saves it.

    Parameters
    ----------
    path : path
        A folder with `config.json`, and `model.safetensors` or the
        shards that `model.safetensors.index.json` names.
    dtype : str, optional
        The type of all arrays, "float64". None: that of the files,
        whose arrays stay on the disk until they are used.

    Returns
    -------
    model : Model
        In NumPy's arrays; `model.map(torch.asarray)` in torch's.

    Raises
    ------
    FileNotFoundError
        The folder or a file is missing. What only pickle can read
        counts as missing.
    ValueError
        The config asks for what no function computes, contradicts
        itself or the arrays; θ has no place for an array, or
        `dtype` for its numbers; a file is damaged, or is outside
        the folder. The error names it.
    ShapeError, DTypeError
        An array has another shape than the config says; is none of
        floats, or of another type than the rest; is of bfloat16,
        which NumPy has not: `dtype="float32"` has all its numbers.
    ImportError
        The package safetensors is missing.

    Notes
    -----
    Arrays are checked by name, shape and type before one is read.
    A link out of the folder is refused, but for those of Hugging
    Face's own cache.

    Examples
    --------
    >>> from algorithms.checkpoints import load
    >>> load("no/such/folder")
    Traceback (most recent call last):
    FileNotFoundError: load: no/such/folder: is no folder
    """
    folder = _folder(path, "load")
    if not folder.is_dir():
        raise FileNotFoundError(f"load: {folder}: is no folder")
    if dtype not in (None, "float16", "float32", "float64"):
        raise DTypeError(
            f"load: dtype is {dtype!r}, want float16, float32 or "
            "float64"
        )
    file = inside(folder, "config.json")
    config = Config(read_json(file), f"load: {file}")
    name, described = _described(config)
    stored = compared(
        open_weights(folder), described, dtype, f"load: {folder}"
    )
    arrays = converted(stored, dtype, f"load: {folder}")
    theta = described.from_file(described.read(arrays))
    return _model(name, described, theta, config.fields)


def model_of(config: Mapping[str, Any], parameters: Any) -> Model:
    """A model from θ, and what a config.json is to say of it.

    Parameters
    ----------
    config : mapping
        As Hugging Face's config.json: `architectures`, sizes, and
        what is not to have the default of its class.
    parameters
        What the model's function takes, from training, say.

    Returns
    -------
    model : Model

    Raises
    ------
    ValueError, ShapeError
        As `load`, and where a file of this model could not hold
        the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from algorithms import DTransformerParameters, initialise
    >>> theta = initialise(
    ...     DTransformerParameters, np.random.default_rng(0),
    ...     N_V=11, ell_max=8, L=2, H=3, d_e=6, d_mlp=24,
    ...     d_attn=2, d_mid=2,
    ... )
    >>> config = {
    ...     "architectures": ["GPT2LMHeadModel"],
    ...     "model_type": "gpt2", "tie_word_embeddings": False,
    ...     "vocab_size": 11, "n_positions": 8, "n_embd": 6,
    ...     "n_layer": 2, "n_head": 3,
    ... }
    >>> model = model_of(config, theta)
    >>> model(np.array([10, 3, 1, 4])).shape
    (11, 4)
    """
    where = "model_of: config"
    # What is no mapping is refused by Config.
    fields: Any = (
        dict(config) if isinstance(config, Mapping) else config
    )
    name, described = _described(Config(fields, where))
    written(fields, where)
    refuse_unlike(described, parameters, f"model_of: a {name}")
    return _model(name, described, parameters, fields)


def save(model: Model, path: str | PathLike[str]) -> None:
    """Write a model to a new folder, as Hugging Face reads it.

    Parameters
    ----------
    model : Model
        From `load` or `model_of`, its parameters changed or not.
    path : path
        A folder that is not there yet. It is written in a hidden
        one beside it, and is there whole or not at all.

    Raises
    ------
    FileExistsError, FileNotFoundError
        There is something of this name, or no folder above it.
    ValueError, ShapeError, DTypeError
        A file of this model cannot hold the parameters, or its
        config does not say the options.
    ImportError
        The package safetensors is missing.

    Notes
    -----
    The folder has `config.json` and `model.safetensors`. What else
    a folder may hold, a tokenizer, is not the model's.

    A GPT-Neo's W_q is divided by √d_attn (J11), and may then differ
    from that of its file by a rounding.

    Examples
    --------
    >>> from tempfile import gettempdir
    >>> from algorithms.checkpoints import load
    >>> save(load("a/model"), gettempdir())
    Traceback (most recent call last):
    FileNotFoundError: load: a/model: is no folder
    """
    want_model(model, "save")
    folder = _folder(path, "save")
    if folder.exists() or folder.is_symlink():
        raise FileExistsError(f"save: {folder}: is there already")
    if not folder.parent.is_dir():
        raise FileNotFoundError(
            f"save: {folder.parent}: is no folder"
        )
    fields = dict(model.config)
    name, described = _described(Config(fields, "save: config"))
    _compare_options(model.options, described.options)
    arrays = arrays_of_file(
        described, model.parameters, f"save: a {name}"
    )
    try:
        from safetensors.numpy import save_file
    except ImportError:
        raise ImportError(
            "save: needs the package safetensors: "
            "pip install 'formal-transformers[models]'"
        ) from None
    dtype = next(iter(arrays.values())).dtype.name
    text = written({**fields, "dtype": dtype}, "save: config")
    with TemporaryDirectory(
        prefix=f".{folder.name[:32]}.", dir=folder.parent
    ) as aside:
        part = Path(aside) / "whole"
        part.mkdir()
        (part / "config.json").write_text(text, encoding="utf-8")
        save_file(arrays, part / WHOLE, {"format": "pt"})
        for each in part.iterdir():
            with each.open("rb+") as file:
                os.fsync(file.fileno())
        sync_folder(part)
        part.rename(folder)
    sync_folder(folder.parent)


def want_model(model: Any, caller: str) -> None:
    """Refuse what is no model, in one line."""
    if not isinstance(model, Model):
        raise DTypeError(
            f"{caller}: model is of type {type(model).__name__}, "
            "want a Model, from load or model_of"
        )


def _folder(path: Any, caller: str) -> Path:
    if not isinstance(path, str | PathLike):
        raise DTypeError(
            f"{caller}: path is of type {type(path).__name__}, "
            "want a path"
        )
    return Path(path)


def _compare_options(
    have: Mapping[str, Any], said: Mapping[str, Any]
) -> None:
    """Refuse options that the config does not say."""
    for name in {**said, **have}:
        if (
            name not in said
            or name not in have
            or not np.array_equal(have[name], said[name])
        ):
            raise ValueError(
                f"save: options[{name!r}] is not what the config "
                "says: change the config, by model_of"
            )


def _described(config: Config) -> tuple[str, Described]:
    names = config.value("architectures")
    if not isinstance(names, list) or len(names) != 1:
        config.refuse("architectures is no list of one name")
    (name,) = names
    if not isinstance(name, str) or name not in ARCHITECTURES:
        config.refuse(
            f"architecture {shown(name)} is not computed: want "
            f"one of {', '.join(ARCHITECTURES)}"
        )
    model_type, describe = ARCHITECTURES[name]
    config.computed(model_type=model_type)
    config.absent("quantization_config")
    return name, describe(config)


def _model(
    name: str,
    described: Described,
    parameters: Any,
    config: Mapping[str, Any],
) -> Model:
    return Model(
        name,
        described.algorithm,
        described.function,
        parameters,
        described.options,
        described.departures,
        described.sizes,
        config,
        described.causal,
        described.cached,
    )
