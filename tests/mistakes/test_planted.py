"""Are the mistakes named that are planted into two hosts which know nothing of the catalogue?

That each function of a host computes its algorithm is shown where it is checked (`tests/adapters`);
what is frozen, which imports nothing of ours, can lose nothing that it had.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from figures.planted import named
from hosts.plant import HERE, HOSTS, absent, planted, plants, uncatalogued

from spec.mistakes import catalogue

DATA = Path(__file__).parents[2] / "docs" / "_data" / "planted.json"
SHOWN = json.loads(DATA.read_text(encoding="utf-8"))
MISTAKES = [one.id for one in catalogue().values() if one.kind == "mistake"]
FROZEN = tomllib.loads((HERE / "frozen.toml").read_text("utf-8"))
#: Of the many, one or two of each algorithm: all of them take half an hour, in `make figures`.
SAMPLE = {
    "rows_torch": ["token-off-by-one", "scale-missing-one-query", "mask-polarity",
                   "heads-interleaved", "norm-sample-variance", "causal-mask-strict-10",
                   "positions-off-by-one-9"],
    "columns_numpy": ["position-off-by-one", "mask-transposed", "softmax-axis",
                      "output-bias-each-head", "norm-mean-kept", "residual-of-norm-mlp-10",
                      "cross-attention-weights-8", "column-first-14"],
}  # fmt: skip
#: Those that take long, since whole transformers are run again and again.
SLOW = {"causal-mask-strict-10", "positions-off-by-one-9", "cross-attention-weights-8",
        "column-first-14"}  # fmt: skip


def sample():
    for host, mistakes in SAMPLE.items():
        by_mistake = {plant.mistake: plant for plant in plants(host)}
        for mistake in mistakes:
            marks = [pytest.mark.sweep] if mistake in SLOW else []
            yield pytest.param(by_mistake[mistake], id=f"{host}-{mistake}", marks=marks)


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_is_as_it_was_when_it_was_frozen(name):
    assert FROZEN[name]["why"]
    source = (HERE / f"{name}.py").read_bytes()
    assert hashlib.sha256(source).hexdigest() == FROZEN[name]["sha256"]


@pytest.mark.parametrize("host", HOSTS)
def test_every_mistake_is_planted_or_there_is_a_reason(host):
    there = [one.mistake for one in plants(host)]
    assert len(there) == len(set(there))
    assert set(there) | absent(host).keys() == set(MISTAKES)
    assert not set(there) & absent(host).keys()


@pytest.mark.parametrize(
    "plant",
    [*plants("rows_torch"), *plants("columns_numpy"), *uncatalogued()],
    ids=lambda one: f"{one.host}-{one.mistake}",
)
def test_a_plant_is_code(plant):
    right = dir(importlib.import_module(f"hosts.{plant.host}"))
    assert {name for name in right if not name.startswith("__")} <= set(dir(planted(plant)))


@pytest.mark.parametrize("plant", [*sample()])
def test_a_planted_mistake_is_named(plant):
    found = named(plant)
    assert found["fate"] == "named", found
    (before,) = (
        one
        for one in SHOWN["plants"]
        if (one["host"], one["mistake"]) == (plant.host, plant.mistake)
    )
    assert found == before


def test_the_docs_show_every_plant_and_most_are_named():
    assert [(one["host"], one["mistake"]) for one in SHOWN["plants"]] == [
        (host, one.mistake) for host in HOSTS for one in plants(host)
    ]
    fates = Counter(one["fate"] for one in SHOWN["plants"])
    assert all(one["seen"] for one in SHOWN["plants"])
    assert fates["named"] >= 0.95 * len(SHOWN["plants"])
    assert all(host["alarms"] == 0 for host in SHOWN["hosts"].values())
