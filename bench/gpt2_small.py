"""`DTransformer` at GPT-2 small's sizes on real text, against Hugging Face at the same weights."""

from __future__ import annotations

from functools import partial
from pydoc_data.topics import topics
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from transformers import GPT2Config, GPT2LMHeadModel

from algorithms import tree_map
from algorithms.checkpoints import GPT2, gpt2_parameters
from bench.timing import ratio, times

ELL, HEADS = 1_024, 12


def text() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The first bytes of Python's own documentation, as tokens."""
    words = "\n".join(topics[name] for name in sorted(topics))
    return np.frombuffer(words.encode()[:ELL], np.uint8)


def model() -> Any:
    """GPT-2 small with random weights: no bias 0, no γ 1."""
    torch.manual_seed(0)
    model: Any = GPT2LMHeadModel(GPT2Config(bos_token_id=None, eos_token_id=None))
    with torch.no_grad():
        for p in model.parameters():
            p += 0.02 * torch.randn(p.shape)
    return model.eval()


def hugging_face(model: Any, x: Any) -> Any:
    """P as Hugging Face has it, columns for tokens."""
    with torch.no_grad():
        return model(x[None]).logits[0].softmax(-1).mT


def distance(P: Any, Q: Any) -> tuple[float, float]:
    """The largest difference, and the largest one relative to Q; a few rows at a time."""
    far = relative = 0.0
    for i in range(0, P.shape[0], 4_096):
        ours, theirs = np.asarray(P[i : i + 4_096]), np.asarray(Q[i : i + 4_096])
        far = max(far, float(abs(ours - theirs).max()))
        relative = max(relative, float(abs(ours / theirs - 1).max()))
    return far, relative


def runners(theta: Any, x: Any) -> dict[str, Any]:
    """The one function in each library, tracing compilers included."""
    tensors, tokens = tree_map(torch.asarray, theta), torch.asarray(x).long()
    arrays, ids = tree_map(jnp.asarray, theta), jnp.asarray(x)
    compiled, jitted = torch.compile(GPT2, fullgraph=True), jax.jit(GPT2)

    def on_torch(fn: Any) -> Any:
        with torch.no_grad():
            return fn(tokens, tensors)

    return {
        "NumPy": partial(GPT2, x, theta),
        "torch, eager": partial(on_torch, GPT2),
        "torch.compile(fullgraph=True)": partial(on_torch, compiled),
        "jax.jit": lambda: jitted(ids, arrays).block_until_ready(),
    }


def measure() -> None:
    """Print a table: the largest difference of P, and the ratio of times, in two float types."""
    x = text()
    table = Table(
        "library", "float", "max |P − Q|", "max |P/Q − 1|", "time / Hugging Face's",
        title=f"GPT-2 small's sizes, {ELL} bytes of Python's documentation; Q is Hugging Face's P",
    )  # fmt: skip
    for dtype, rounds in ((torch.float32, 5), (torch.float64, 3)):
        theirs = model().to(dtype)
        state = {name: p.detach().numpy() for name, p in theirs.state_dict().items()}
        theta = gpt2_parameters(state, H=HEADS)
        tokens = torch.asarray(x).long()
        with jax.enable_x64(dtype == torch.float64):
            ours = runners(theta, x)
            Q = hugging_face(theirs, tokens)
            far = {name: distance(run(), Q) for name, run in ours.items()}
            taken = times(
                {**ours, "Hugging Face": partial(hugging_face, theirs, tokens)}, rounds=rounds
            )
        for name in ours:
            table.add_row(
                name,
                str(dtype).removeprefix("torch."),
                f"{far[name][0]:.1e}",
                f"{far[name][1]:.1e}",
                f"{ratio(taken, name, 'Hugging Face'):.2f}",
            )
    Console().print(table)
