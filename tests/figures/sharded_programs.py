"""The programs of the page on sharding: what they send, and whether they give what one device does.

`python -m figures.sharded_programs`, in a process of its own whose processor plays eight devices.
What it compiles and runs is the page's own code.
"""

from __future__ import annotations

import json
import math
import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from helpers import generic
from helpers.rounding import apart, bound, budget
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from algorithms import DTransformer, DTransformerParameters, initialise

PAGE = Path(__file__).parents[2] / "docs" / "sharding.rst"
_BLOCK = re.compile(r"\.\. code-block:: python\n\n((?:(?:   .*)?\n)+)")
_SENT = re.compile(
    r" = (.*) (all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute)(?:-start)?\("
)

#: Each axis that is split is a multiple of the devices, and no two sizes are equal.
SMALL = {"N_V": 24, "ell_max": 9, "H": 8, "d_e": 32, "d_mlp": 16, "d_attn": 3, "d_mid": 5}
GPT2_SMALL = {"N_V": 50304, "ell_max": 1024, "H": 12, "d_e": 768, "d_mlp": 3072}
GPT2_SMALL |= {"L": 12, "d_attn": 64, "d_mid": 64}

#: Code that runs once takes longer to make quick than to run. What is sent is decided before.
UNOPTIMISED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}

Sent = dict[str, list[int]]


class Split(NamedTuple):
    """How θ and the batch are spread over the axes of a mesh."""

    name: str
    axes: Mapping[str, int]
    place: Callable[..., Any]
    gather: bool = False

    def shardings(self, theta: Any) -> tuple[Any, NamedSharding]:
        """Of θ and of x."""
        devices = np.array(jax.devices()[: math.prod(self.axes.values())])
        mesh = Mesh(devices.reshape(*self.axes.values()), tuple(self.axes))
        return self.place(theta, mesh), NamedSharding(mesh, PartitionSpec("data"))


def code() -> str:
    """The code of the page."""
    return "\n".join(map(textwrap.dedent, _BLOCK.findall(PAGE.read_text("utf-8"))))


def splits(page: Mapping[str, Any]) -> list[Split]:
    """What the page speaks of, with the functions that it defines."""
    return [
        Split("batch", {"data": 8, "model": 1}, page["by_name"]),
        Split("heads, MLPs, vocabulary", {"data": 1, "model": 4}, page["by_name"]),
        Split("both", {"data": 2, "model": 4}, page["by_name"]),
        Split("batch, θ in parts", {"data": 8}, page["in_parts"], gather=True),
    ]


def functions(page: Mapping[str, Any], split: Split) -> dict[str, Callable[..., Any]]:
    """The forward pass and the step of training, of θ and x."""
    gather = page["gather"] if split.gather else lambda theta: theta
    return {
        "P": lambda theta, x: DTransformer(x, gather(theta)),
        "step": partial(page["step"], eta=1, gather=gather),
    }


def compiled(function: Callable[..., Any], split: Split, theta: Any, x: Any, *, step: bool) -> Any:
    """The program for arrays of these shapes; no value is looked at."""
    of_theta, of_x = split.shardings(theta)

    def shape(w: Any, sharding: Any) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(w.shape, w.dtype, sharding=sharding)

    program = jax.jit(function, out_shardings=of_theta if step else None)
    lowered = program.lower(jax.tree.map(shape, theta, of_theta), shape(x, of_x))
    return lowered.compile(UNOPTIMISED)


def sent(text: str) -> Sent:
    """Of each kind of collective: how many operations, and the numbers in one device's arrays."""
    found: Sent = {}
    for shapes, kind in _SENT.findall(text):
        sizes = re.findall(r"\[([\d,]*)\]", shapes)
        numbers = sum(math.prod(int(n) for n in size.split(",") if n) for size in sizes)
        operations, before = found.get(kind, (0, 0))
        found[kind] = [operations + 1, before + numbers]
    return found


def asked(split: Split, name: str, theta: Any, x: Any) -> Sent:
    """What theory asks, as the page says it."""
    L, (d_e, _) = len(theta.layers), theta.W_e.shape
    tokens = x.size // split.axes["data"]
    held = parameters(split, theta)
    if split.gather:
        whole = sum(w.size for w in jax.tree.leaves(theta))
        gathers: Sent = {"all-gather": [len(jax.tree.leaves(theta)), whole]}
        return gathers | ({"reduce-scatter": [1, whole]} if name == "step" else {})
    operations = numbers = 0
    if split.axes["model"] > 1:
        operations = (2 * L + 1) + 2
        numbers = (2 * L + 1) * tokens * d_e + 2 * tokens
        if name == "step":
            operations += (2 * L + 1) + 1
            numbers += (2 * L + 1) * tokens * d_e + tokens - len(x) // split.axes["data"]
    if split.axes["data"] > 1 and name == "step":
        operations, numbers = operations + 1, numbers + held
    return {"all-reduce": [operations, numbers]} if operations else {}


def with_more(split: Split, name: str, theta: Any, x: Any) -> Sent:
    """What theory asks, and what the page says that XLA sends besides."""
    sent = asked(split, name, theta, x)
    if name == "step" and split.gather:
        sent["all-reduce"] = sent.pop("reduce-scatter")
    elif name == "step" and split.axes["model"] > 1:
        operations, numbers = sent["all-reduce"]
        tokens = x.size // split.axes["data"]
        numbers += 2 * len(theta.layers) * tokens * theta.W_e.shape[0] + 3 * tokens
        sent["all-reduce"] = [operations + 2, numbers]
    return sent


def parameters(split: Split, theta: Any) -> int:
    """How many numbers of θ one device holds."""
    of_theta, _ = split.shardings(theta)
    pairs = zip(jax.tree.leaves(theta), jax.tree.leaves(of_theta), strict=True)
    return sum(math.prod(sharding.shard_shape(w.shape)) for w, sharding in pairs)


def rows(page: Mapping[str, Any], theta: Any, x: Any, *, run: bool) -> list[dict[str, Any]]:
    """Each program: what it sends, and how far it is from what one device gives, if it is run."""
    found = []
    alone: dict[str, Any] = {}
    for split in splits(page):
        for name, function in functions(page, split).items():
            program = compiled(function, split, theta, x, step=name == "step")
            row = {
                "split": split.name,
                "devices": " × ".join(str(n) for n in split.axes.values() if n > 1),
                "program": name,
                "asked": asked(split, name, theta, x),
                "with_more": with_more(split, name, theta, x),
                "sent": sent(program.as_text()),
                "parameters": parameters(split, theta),
            }
            if run:
                if name not in alone:
                    one = jax.jit(function, compiler_options=UNOPTIMISED)
                    alone[name] = one(theta.map(jnp.asarray), jnp.asarray(x))
                row |= compared(program, alone[name], split, theta, x)
            found.append(row)
    return found


def compared(program: Any, alone: Any, split: Split, theta: Any, x: Any) -> dict[str, float]:
    """The largest difference from what one device gives, and the bound on it."""
    of_theta, of_x = split.shardings(theta)
    got = jax.tree.leaves(program(jax.device_put(theta, of_theta), jax.device_put(x, of_x)))
    want = jax.tree.leaves(alone)
    scale = max(float(abs(w).max()) for w in want)
    # A gradient passes every sum forth and back, and one over all tokens.
    sums = budget(*jax.tree.leaves(theta) * 2, x.reshape(-1))
    return {
        "apart": max(apart(g, w) for g, w in zip(got, want, strict=True)) / scale,
        "bound": bound(np.ones(1), **sums),
    }


def main() -> None:
    """Print the rows as JSON: at the sizes of GPT-2 small, or small and run with L layers."""
    page: dict[str, Any] = {}
    exec(compile(code(), str(PAGE), "exec"), page)
    if small := sys.argv[1:]:
        jax.config.update("jax_enable_x64", True)
        theta = generic.theta(DTransformerParameters, **SMALL, L=int(small[0]))
        x = generic.tokens(16, SMALL["ell_max"], N_V=SMALL["N_V"])
    else:
        source = generic.rng()
        theta = initialise(DTransformerParameters, source, **GPT2_SMALL, dtype=np.float32)
        x = np.zeros((8, GPT2_SMALL["ell_max"]), np.int32)
    sys.stdout.write(json.dumps(rows(page, theta, x, run=bool(small))))


if __name__ == "__main__":
    main()
