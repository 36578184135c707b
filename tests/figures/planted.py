"""How well are mistakes named that are planted into code which the catalogue does not know?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch
from hosts.adapters import ADAPTERS
from hosts.plant import HOSTS, Plant, planted, plants, uncatalogued

from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.checking import explain as naming
from spec.checking.check import check, function_under_test
from spec.checking.locate import locate
from spec.expected.result import ExactResult
from spec.inputs.variations import variations
from spec.library import checked


def names(host: str, algorithm: str) -> Iterator[str]:
    """The adapters of a host's functions for an algorithm, by their names."""
    kind = host.partition("_")[0]
    for name, (id, *_) in ADAPTERS.items():
        if name.startswith(kind) and str(id) == algorithm:
            yield name


def of(name: str, module: ModuleType | None = None) -> FunctionUnderTest:
    """A host's function to be checked; that of another module, if one is given."""
    id, function, adapter = ADAPTERS[name]
    if module is not None:
        function = getattr(module, function.__name__)
    return function_under_test(function, id, adapter)


@cache
def exact_results(name: str) -> tuple[ExactResult, ...]:
    """What a function is tried on, and what must come out: computed once for all its mistakes."""
    right = of(name)
    trials = right.trials(variations(right.algorithms, right.id))
    return tuple(trial.expected for trial in trials)


@cache
def exact_results_at_equal_sizes(name: str) -> tuple[ExactResult, ...]:
    """What must come out at the sizes at which alone some mistakes give a result."""
    right = of(name)
    known = naming.Search(right, [], lambda *_: None, naming.Work(0)).known
    return tuple(trial.expected for trial in right.trials(naming.equal_sizes(known)))


def tried(plant: Plant) -> tuple[str, FunctionUnderTest, list[Trial]]:
    """The adapter and the function that a plant makes wrong, and what it does.

    Of several functions that a plant may be in, it is the last, if none is wrong.
    """
    module = planted(plant)
    for name in names(plant.host, plant.algorithm):
        function = of(name, module)
        trials = [function.trial(exact) for exact in exact_results(name)]
        if not all(trial.verdict.passes for trial in trials):
            break
    return name, function, trials


def named(plant: Plant) -> dict[str, Any]:
    """What becomes of a mistake: it is `named`, named `among` others, or `missed`."""
    torch.set_num_threads(1)
    name, function, trials = tried(plant)

    @cache
    def all_trials() -> list[Trial]:
        return [*trials, *map(function.trial, exact_results_at_equal_sizes(name))]

    with (
        patch.object(naming.Search, "trials", property(lambda _: all_trials())),
        patch.object(naming, "edited_together", edited_together),
        patch.object(naming, "exact_result", exact_result),
    ):
        places = locate(function, trials, lambda *_: None)
        found = naming.explanations(function, trials, places, lambda *_: None)
    ids = [tuple(mistake.id for mistake in each.mistakes) for each in found]
    fate = "missed" if (plant.mistake,) not in ids else "named" if len(ids) == 1 else "among"
    return {
        "algorithm": plant.algorithm,
        "fate": fate,
        "found": sorted(map(" with ".join, ids)),
        "host": plant.host,
        "mistake": plant.mistake,
        "seen": not all(trial.verdict.passes for trial in trials),
    }


def once(compute: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes once for each key: a result, or the error that it raises."""
    known: dict[Any, tuple[Any, Any, Any]] = {}

    def computed(*arguments: Any) -> Any:
        at = key(*arguments)
        if at not in known:
            try:
                known[at] = (compute(*arguments), None, arguments)
            except Exception as error:
                known[at] = (None, error, arguments)
        result, error, _ = known[at]  # the arguments are kept, so that no other has their ids
        if error is not None:
            raise error
        return result

    return computed


# What a known mistake gives on the same arguments is computed once for all plants.
edited_together = once(
    naming.edited_together, lambda some, base: (tuple(mistake.id for mistake in some), id(base))
)
exact_result = once(naming.exact_result, lambda arguments, base: (id(arguments), id(base)))


def alarms(host: str) -> dict[str, int]:
    """How many functions a host has as it is, and of how many something is said."""
    torch.set_num_threads(1)
    every = [of(name) for id in checked() for name in names(host, id)]
    said = [check(one.function, one.id, adapter=one.adapter) for one in every]
    return {"alarms": sum(not report.passes for report in said), "functions": len(said)}


def figures(workers: int) -> dict[str, Any]:
    """All plants, of both hosts; and the hosts as they are."""
    everyone = [plant for host in HOSTS for plant in plants(host)]
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(named, everyone, chunksize=8))
    return {"hosts": {host: alarms(host) for host in HOSTS}, "plants": found}


def slow(id: str) -> float:
    """How many seconds it takes to check a function that is wrong, and to name its mistake."""
    plant = next(plant for plant in plants("columns_numpy") if plant.algorithm == id)
    _, function, _ = tried(plant)
    return round(check(function.function, id, adapter=function.adapter).seconds, 1)


def told(plant: Plant) -> dict[str, str]:
    """What is said of a mistake that stands in no catalogue."""
    _, function, _ = tried(plant)
    account = check(function.function, function.id, adapter=function.adapter).account()
    said = " ".join([account.headline, *account.explanations])
    return {"host": plant.host, "said": said, "what": plant.mistake}


def unknown() -> list[dict[str, str]]:
    """What is said of the mistakes that stand in no catalogue."""
    return [told(plant) for plant in uncatalogued()]
