"""A text that a published model continues, in the tokens of its folder."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from spec.terminal import streams
from spec.usage_error import UsageError

_FILE = "tokenizer.json"


def continued(
    model: Any,
    folder: Path,
    prompt: str,
    continuation: Callable[..., Any],
    *,
    tokens: int,
    temperature: float,
    seed: int,
) -> str:
    """Return a prompt with what comes after it: so many tokens, or fewer where the text ends.

    Fewer, too, where the model takes no longer text, which is said on stderr. `continuation` is
    `algorithms.checkpoints.continuation`, or one that is called alike.

    Raises
    ------
    UsageError
        If the folder has no tokenizer that can be read, or another model's; or the prompt is no
        text or no token, or longer than the model takes.
    """
    tokenizer = _tokenizer(folder)
    try:
        prompt.encode()
    except UnicodeEncodeError as error:
        raise UsageError("the prompt is not in UTF-8") from error
    x = np.asarray(tokenizer.encode(prompt).ids, dtype=np.int64)
    if not x.size:
        raise UsageError("the prompt is no token")
    _compare(tokenizer, x, folder, model.sizes["N_V"])
    ell_max = model.sizes.get("ell_max", x.size + tokens)
    if x.size > ell_max:
        raise UsageError(
            f"the prompt has {x.size:,} tokens, and the model takes at most {ell_max:,}"
        )
    most = min(tokens, ell_max + 1 - x.size)  # the last token is written, and not read
    rng = np.random.default_rng(seed)
    y = continuation(model, x, ell_gen=most, tau=temperature, rng=rng)
    ends = model.config.get("eos_token_id")
    last = np.flatnonzero(np.isin(y, [] if ends is None else ends))
    if last.size:
        y = y[: last[0]]
    elif most < tokens:
        streams.say(f"the text stops here: the model takes at most {ell_max:,} tokens")
    return _printable(tokenizer.decode([*map(int, x), *map(int, y)]))


def _tokenizer(folder: Path) -> Any:
    try:
        tokenizers = import_module("tokenizers")
    except ModuleNotFoundError as error:
        raise UsageError(
            "the module tokenizers is missing, which --prompt needs: pip install tokenizers"
        ) from error
    file = folder / _FILE
    if not file.is_file():
        raise UsageError(f"{folder} has no {_FILE}, which --prompt needs")
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:  # the library has no class of its own
        raise UsageError(f"{file}: {error}") from error
    tokenizer.no_truncation()  # of batches: here a prompt is read whole
    tokenizer.no_padding()
    return tokenizer


def _compare(tokenizer: Any, x: Any, folder: Path, N_V: int) -> None:
    """Refuse a tokenizer with tokens that the model has not.

    One that was added to those of a tokenizer, and is not in the prompt, does no harm.
    """
    last = max([*tokenizer.get_vocab(with_added_tokens=False).values(), *x])
    if last >= N_V:
        raise UsageError(
            f"{folder / _FILE} is not this model's: it has a token {last}, the model 0 … {N_V - 1}"
        )


def _printable(text: str) -> str:
    """Return a text that does nothing to a terminal but to be read."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )
