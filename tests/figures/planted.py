"""How well are mistakes named that are planted into code which the catalogue does not know?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from types import ModuleType
from typing import Any

import torch
from hosts.adapters import ADAPTERS
from hosts.plant import HOSTS, Plant, planted, plants, uncatalogued

from spec.conformance.kit.check import check, subject
from spec.conformance.kit.naming import explanations
from spec.conformance.kit.subject import Subject
from spec.conformance.kit.variations import variations
from spec.library import checked


def subjects(host: str, algorithm: str, module: ModuleType | None = None) -> Iterator[Subject]:
    """A host's functions for an algorithm; those of another module, if one is given."""
    kind = host.partition("_")[0]
    for name, (id, function, adapter) in ADAPTERS.items():
        if name.startswith(kind) and str(id) == algorithm:
            if module is not None:
                function = getattr(module, function.__name__)
            yield subject(function, algorithm, adapter)


def wrong(plant: Plant) -> Subject:
    """The function that a plant makes wrong; the last of several, if none is."""
    for one in subjects(plant.host, plant.algorithm, planted(plant)):
        if not all(
            trial.verdict.passes for trial in one.trials(variations(one.algorithms, one.id))
        ):
            break
    return one


def named(plant: Plant) -> dict[str, Any]:
    """What becomes of a mistake: it is `named`, named `among` others, or `missed`."""
    torch.set_num_threads(1)
    one = wrong(plant)
    start = time.perf_counter()
    trials = list(one.trials(variations(one.algorithms, one.id)))
    found = explanations(one, trials, lambda *_: None)
    ids = [tuple(mistake.id for mistake in each.mistakes) for each in found]
    fate = "missed" if (plant.mistake,) not in ids else "named" if len(ids) == 1 else "among"
    return {
        "algorithm": plant.algorithm,
        "fate": fate,
        "found": sorted(" with ".join(one) for one in ids),
        "host": plant.host,
        "mistake": plant.mistake,
        "seconds": round(time.perf_counter() - start, 1),
    }


def alarms(host: str) -> dict[str, int]:
    """How many functions a host has as it is, and of how many something is said."""
    torch.set_num_threads(1)
    every = [one for id in checked() for one in subjects(host, id)]
    said = [check(one.function, one.id, adapter=one.adapter) for one in every]
    return {"alarms": sum(not report.passes for report in said), "functions": len(said)}


def figures(workers: int) -> dict[str, Any]:
    """All plants, of both hosts; and the hosts as they are."""
    everyone = [plant for host in HOSTS for plant in plants(host)]
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(named, everyone))
    return {"hosts": {host: alarms(host) for host in HOSTS}, "plants": found}


def told(plant: Plant) -> dict[str, str]:
    """What is said of a mistake that stands in no catalogue."""
    one = wrong(plant)
    account = check(one.function, one.id, adapter=one.adapter).account()
    said = [account.headline, *account.explanations]
    return {"host": plant.host, "said": " ".join(said), "what": plant.mistake}


def unknown() -> list[dict[str, str]]:
    """What is said of the mistakes that stand in no catalogue."""
    return [told(plant) for plant in uncatalogued()]
