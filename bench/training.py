"""One step of training, forward, gradient and update, side by side with torch and JAX.

Ours runs on NumPy. torch runs as people write it (rows for tokens, `scaled_dot_product_attention`,
`cross_entropy`), eager and compiled; JAX differentiates our own functions under `jit`. Times are
medians of the ratios, round by round; in each round the ways come in another order, for who comes
after torch pays for the memory that torch has given back.
"""

from __future__ import annotations

import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn

from algorithms import (
    DTransformer,
    DTransformerParameters,
    initialise,
    tree_map,
    value_and_gradient,
)
from algorithms.signatures.arrays import entries, namespace

ETA, EPS = 1e-3, 1e-5
OURS, RECOMPUTED = "ours", "ours, MHAttention recomputed"
EAGER, COMPILED, JAX = "torch, eager", "torch.compile", "jax.jit(jax.grad) of ours"


class Size(NamedTuple):
    """The sizes of a model and of a batch."""

    d_e: int
    L: int
    H: int
    N_V: int
    ell: int
    batch: int
    rounds: int


SIZES = {
    "tiny": Size(32, 1, 2, 259, 16, 2, 3),
    "bytes": Size(256, 4, 4, 259, 256, 1, 21),
    "bytes, 8 sequences": Size(256, 4, 4, 259, 256, 8, 9),
    "50,257 tokens": Size(256, 4, 4, 50_257, 256, 1, 15),
    "50,257 tokens, 8 sequences": Size(256, 4, 4, 50_257, 256, 8, 5),
    "GPT-2 small": Size(768, 12, 12, 50_257, 256, 1, 5),
}


def parameters(size: Size) -> Any:
    """A θ of small random numbers, in float32."""
    d_e, L, H, N_V, ell, *_ = size
    head = {"d_attn": d_e // H, "d_mid": d_e // H}
    theta = initialise(
        DTransformerParameters, np.random.default_rng(0), dtype=np.float32,
        N_V=N_V, ell_max=ell, L=L, H=H, d_e=d_e, d_mlp=4 * d_e, **head,
    )  # fmt: skip
    return theta._replace(W_e=0.02 * theta.W_e, W_p=0.02 * theta.W_p)


def tokens(size: Size) -> Any:
    """Bytes of Python's own documentation, spread over the vocabulary."""
    words = "\n".join(topics[name] for name in sorted(topics)).encode()
    x = np.frombuffer(words[: size.batch * size.ell], np.uint8).astype(np.int64)
    return (x * (193 if size.N_V > 1_000 else 1) % size.N_V).reshape(size.batch, size.ell)


def loss(x: Any, theta: Any) -> Any:
    """Line 13.5, summed over a batch."""
    p = entries(DTransformer(x, theta, eps=EPS)[..., :-1], x[:, 1:])
    xp = namespace(p)
    return -xp.sum(xp.log(p))


def descend(theta: Any, gradient: Any) -> Any:
    """Line 13.6."""
    return tree_map(lambda w, g: w - ETA * g, theta, gradient)


def by_ours(x: Any, theta: Any, recompute: tuple[str, ...] = ()) -> float:
    """A step on NumPy's arrays."""
    value, gradient = value_and_gradient(partial(loss, x), theta, recompute=recompute)
    descend(theta, gradient)
    return float(value)


def by_jax(x: Any, theta: Any) -> Callable[[], float]:
    """A step that is compiled, of the same functions."""
    x, theta = jnp.asarray(x), tree_map(jnp.asarray, theta)

    @jax.jit
    def step(theta: Any) -> Any:
        value, gradient = jax.value_and_grad(partial(loss, x))(theta)
        return value, descend(theta, gradient)

    ready: Any = jax.block_until_ready
    return lambda: float(ready(step(theta))[0])


class Rows(nn.Module):
    """The same model as it is written for torch: a token is a row."""

    def __init__(self, theta: Any) -> None:
        super().__init__()
        first = theta.layers[0].W.W_qkv
        self.H = first.W_q.shape[0]
        self.d_e, self.theta = theta.W_e.shape[0], nn.ParameterDict()
        for name, array in (("W_e", theta.W_e.T), ("W_p", theta.W_p.T), ("W_u", theta.W_u)):
            self.theta[name] = parameter(array)
        self.norm = [parameter(theta.gamma), parameter(theta.beta)]
        self.layers = [layer_of(layer) for layer in theta.layers]

    def all(self) -> list[Any]:
        """Every parameter."""
        return [*self.theta.values(), *self.norm, *(p for layer in self.layers for p in layer)]

    def forward(self, x: Any) -> Any:
        """Scores, (batch, ell, N_V)."""
        batch, ell = x.shape
        X = F.embedding(x, self.theta["W_e"]) + self.theta["W_p"][:ell]
        for g1, b1, W, b, W_o, b_o, g2, b2, W1, m1, W2, m2 in self.layers:
            Q, K, V = (
                F.linear(F.layer_norm(X, (self.d_e,), g1, b1, EPS), W, b)
                .view(batch, ell, 3, self.H, -1)
                .permute(2, 0, 3, 1, 4)
            )
            Y = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
            X = X + F.linear(Y.transpose(1, 2).reshape(batch, ell, -1), W_o, b_o)
            hidden = F.gelu(F.linear(F.layer_norm(X, (self.d_e,), g2, b2, EPS), W1, m1))
            X = X + F.linear(hidden, W2, m2)
        gamma, beta = self.norm
        return F.linear(F.layer_norm(X, (self.d_e,), gamma, beta, EPS), self.theta["W_u"])


def parameter(array: Any) -> Any:
    """An array as torch's parameter."""
    return nn.Parameter(torch.asarray(np.ascontiguousarray(array)))


def layer_of(layer: Any) -> list[Any]:
    """The parameters of a layer, the heads' matrices in one."""
    W = layer.W.W_qkv
    d_e = W.W_q.shape[-1]
    heads = np.concatenate([M.reshape(-1, d_e) for M in (W.W_q, W.W_k, W.W_v)])
    offsets = np.concatenate([b.ravel() for b in (W.b_q, W.b_k, W.b_v)])
    attention = (layer.gamma1, layer.beta1, heads, offsets, layer.W.W_o, layer.W.b_o)
    return [parameter(array) for array in (*attention, *layer[3:])]


def by_torch(x: Any, theta: Any, *, compiled: bool) -> Callable[[], float]:
    """A step by autograd."""
    model = Rows(theta)
    x, every = torch.asarray(x), model.all()
    optimiser = torch.optim.SGD(every, lr=0.0)  # the update is made, and changes nothing
    forward: Any = torch.compile(model) if compiled else model

    def step() -> float:
        optimiser.zero_grad()
        scores = forward(x)[:, :-1].reshape(-1, theta.W_u.shape[0])
        value: Any = F.cross_entropy(scores, x[:, 1:].reshape(-1), reduction="sum")
        value.backward()
        optimiser.step()
        return float(value.detach())

    return step


def ways(size: Size) -> dict[str, Callable[[], float]]:
    """Each way to make a step."""
    x, theta = tokens(size), parameters(size)
    return {
        OURS: partial(by_ours, x, theta),
        RECOMPUTED: partial(by_ours, x, theta, ("MHAttention",)),
        EAGER: by_torch(x, theta, compiled=False),
        COMPILED: by_torch(x, theta, compiled=True),
        JAX: by_jax(x, theta),
    }


def taken(size: Size) -> dict[str, list[tuple[float, float]]]:
    """Seconds of each step: on the clock, and of the processor."""
    steps = ways(size)
    losses = {name: step() for name, step in steps.items()}  # the first is not counted
    near = 1e-3 * abs(losses[EAGER])
    assert all(abs(value - losses[EAGER]) < near for value in losses.values()), losses
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    shuffle, order = random.Random(0), list(steps)
    for _ in track(range(size.rounds), "measuring", transient=True):
        shuffle.shuffle(order)
        for name in order:
            wall, processor = time.perf_counter(), time.process_time()
            steps[name]()
            spent = time.perf_counter() - wall, time.process_time() - processor
            seconds[name].append(spent)
    return seconds


def memory(size_name: str, way: str) -> int:
    """The most memory that a step takes beyond its start, in MB, in a process of its own."""
    command = [sys.executable, "-m", "bench.training", size_name, way]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(out.split()[-1])


def peak(size_name: str, way: str) -> int:
    """The same, in this process."""
    size = SIZES[size_name]
    x, theta = tokens(size), parameters(size)
    make: dict[str, Callable[[], Callable[[], float]]] = {
        OURS: lambda: partial(by_ours, x, theta),
        RECOMPUTED: lambda: partial(by_ours, x, theta, ("MHAttention",)),
        EAGER: lambda: by_torch(x, theta, compiled=False),
        COMPILED: lambda: by_torch(x, theta, compiled=True),
        JAX: lambda: by_jax(x, theta),
    }
    step = make[way]()
    # Linux forgets the peak so far, which is that of the imports.
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    before = most_resident()
    step()
    return (most_resident() - before) // 1024


def most_resident() -> int:
    """The most memory that this process has had since the peak was forgotten, in kB."""
    (row,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    return int(row)


def measure(*names: str) -> None:
    """Print a table for each size, or for those that are named."""
    console = Console()
    for name in names or [name for name in SIZES if name != "tiny"]:
        size = SIZES[name]
        table = Table(
            "a step by", f"time / {EAGER}", "of the processor", "ms", "memory, MB",
            title=f"{name}: d_e = {size.d_e}, {size.L} layers, N_V = {size.N_V:,}, "
            f"{size.batch} × {size.ell} tokens, float32, {torch.get_num_threads()} threads",
        )  # fmt: skip
        seconds = taken(size)
        for way, own in seconds.items():
            pairs = [*zip(own, seconds[EAGER], strict=True)]
            ratios = [
                statistics.median(a[clock] / b[clock] for a, b in pairs) for clock in range(2)
            ]
            ms = 1e3 * statistics.median(wall for wall, _ in own)
            table.add_row(way, *(f"{r:.2f}" for r in ratios), f"{ms:.0f}", str(memory(name, way)))
        console.print(table)


if __name__ == "__main__":
    Console().print(peak(*sys.argv[1:]))
