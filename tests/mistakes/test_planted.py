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
from helpers.paper import MODELS, PAPER
from hosts.plant import HERE, HOSTS, absent, planted, plants, uncatalogued, unplanted

from spec.mistakes import catalogue

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

DATA = Path(__file__).parents[2] / "docs" / "_data" / "planted.json"
SHOWN = json.loads(DATA.read_text(encoding="utf-8"))
#: Those of the paper's algorithms, which the hosts have.
MISTAKES = {
    id: one.entry
    for id, one in catalogue().items()
    if one.kind == "mistake" and one.algorithm in PAPER
}
FROZEN = tomllib.loads((HERE / "frozen.toml").read_text("utf-8"))


def every_plant():
    """The first plant of each part of a transformer; and every fourth, for the sweep.

    `python -m tests.figures planted` tries all.
    """
    tried = {("", id) for id in MODELS}
    for host in HOSTS:
        for number, plant in enumerate(plants(host)):
            place = host, plant.algorithm
            is_first = not {place, ("", plant.algorithm)} & tried
            tried.add(place)
            marks = [] if is_first else [pytest.mark.sweep]
            if is_first or number % 4 == 0:
                yield pytest.param(plant, id=f"{host}-{plant.mistake}", marks=marks)


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_is_as_it_was_when_it_was_frozen(name):
    assert FROZEN[name]["why"]
    source = (HERE / f"{name}.py").read_bytes()
    assert hashlib.sha256(source).hexdigest() == FROZEN[name]["sha256"]


@pytest.mark.parametrize("host", HOSTS)
def test_every_entry_is_planted_or_there_is_a_reason(host):
    there = [one.mistake for one in plants(host)]
    assert len(there) == len(set(there))
    assert not set(there) & absent(host).keys()
    assert {*there, *absent(host)} <= set(MISTAKES)
    entries = {MISTAKES[id] for id in (*there, *absent(host))}
    assert entries | unplanted(host) == set(MISTAKES.values())
    assert not entries & unplanted(host)


@pytest.mark.parametrize(
    "plant",
    [*plants("rows_torch"), *plants("columns_numpy"), *uncatalogued()],
    ids=lambda one: f"{one.host}-{one.mistake}",
)
def test_a_plant_is_code(plant):
    right = dir(importlib.import_module(f"hosts.{plant.host}"))
    assert {name for name in right if not name.startswith("__")} <= set(dir(planted(plant)))


@pytest.mark.parametrize("plant", [*every_plant()])
def test_a_planted_mistake_is_named_as_the_docs_show(plant):
    found = named(plant)
    assert found["fate"] != "missed", found
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
    assert fates["missed"] == 0
    assert all(host["alarms"] == 0 for host in SHOWN["hosts"].values())
