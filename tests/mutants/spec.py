"""Mutants of the pseudocode: on what they run, and what becomes of each."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from helpers.cases import REFERENCE, batches, case
from helpers.paper import ENDING, MASKED, PAPER, SEEDS, TRAINING

from mutants.mutant import Fate, Mutant, Verdict
from spec.expected.line_values import LineValues, PairedInputs
from spec.inputs.size_table import size_table
from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.library import checked
from spec.line_by_line.compare_lines import Comparison
from spec.line_by_line.observe import Observation
from spec.line_by_line.tie import run_observed
from spec.mistakes.mutants import mutants as mutants_of
from spec.mistakes.mutants import mutated

SMALL, LEAST = size_table("small"), size_table("least")


def mutants() -> Iterator[Mutant]:
    """Every mutant of every algorithm that a function of the reference carries out."""
    for id in checked():
        if id in REFERENCE:
            yield from mutants_of(id)


def draws(id: str) -> list[dict[str, Any]]:
    """What a mutant runs on, one after the other until there is a difference: see `case`.

    Most differ on any inputs, so that small sizes come first; then each loop has turns of its own,
    so that the bound of one is not that of another.
    """
    if id in TRAINING:
        deeper = {"L": 2, "L_enc": 2, "L_dec": 2, "H": 2, "N_epochs": 2}
        # Seed 8 was found by search: tokens on either side of mask_token are masked, and are not.
        return [
            {"seed": 8, **LEAST},
            {"seed": 9, **LEAST, "N_epochs": 2, "N_data": 1},
            {"seed": 2, **LEAST, **deeper},
            *([{"seed": 3, **LEAST, "B": 2, "N_steps": 2, "N_warm": 1}] if id not in PAPER else []),
        ]
    if "N_warm" in map(str, checked()[id].header.hyperparameters):  # up, down, and at the top
        steps = {"N_warm": 5, "N_steps": 8}
        return [{"seed": seed, **steps, "i": i} for seed, i in enumerate((3, 6, 5, 4))]
    if id in ENDING:
        # Found by search: of so few tokens, the one that ends the text is drawn at the second turn
        # with seed 9, at the third with seed 15, and after a greater one with seed 19.
        few = {**SMALL, "N_V": 4}
        return [{"seed": 0, **SMALL}, *({"seed": n, **few} for n in (9, 15, 19)), {"seed": 1}]
    unequal = {"L": 3, "L_enc": 3, "L_dec": 1, "H": 2, "length(x)": 7, "length(z)": 4, "t_0": 5}
    alone = [{"seed": 0, **SMALL}, {"seed": 1}, {"seed": 2}, {"seed": 3, **unequal}]
    alone += [{"seed": seed} for seed in SEEDS.get(id, ())]
    alone += [{"seed": seed, "d": 1} for seed in range(3)]  # a gradient that is not clipped
    if {"t_0", "w"} <= set(map(str, checked()[id].header.hyperparameters)):
        alone.append({"seed": 7, "t_0": 1, "w": 3})  # fewer tokens stand before than are kept
    if "r" in map(str, checked()[id].header.hyperparameters):  # several runs of several tokens
        alone += [{"seed": seed, "length(x)": 12} for seed in (8, 9)]
    if id in MASKED:
        alone.append({"seed": 6, "mask": "empty column", "scale": 8.0})
    return [*alone, *({"seed": 4, "batched": True} for batched in batches(id) if batched)]


@cache
def observed(id: str, place: int) -> tuple[PairedInputs, Observation]:
    """One of the draws, and what the reference does on it: computed once for all mutants."""
    inputs = case(id, **draws(id)[place])
    return inputs, run_observed(inputs, REFERENCE[id])


def verdict(mutant: Mutant) -> Verdict:
    """What becomes of a mutant."""
    id = mutant.algorithm
    try:
        algorithm = mutated(mutant, checked())
    except SpecError as error:
        return Verdict(mutant, Fate.REFUSED, str(error))
    if problem := doubt(algorithm):
        return Verdict(mutant, Fate.REFUSED, problem)
    algorithms = {**checked(), id: algorithm}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place in range(len(draws(id))):
            inputs, observation = observed(id, place)
            try:
                expected = LineValues(algorithms, id, inputs)
                differences: Any = Comparison(expected, observation).compare().differences
            except Exception as error:
                return Verdict(mutant, Fate.REFUSED, f"it raises {type(error).__name__}: {error}")
            for difference in differences:
                fate = Fate.NAMED if difference.line == mutant.line else Fate.CAUGHT
                return Verdict(mutant, fate, str(difference))
    return Verdict(mutant, Fate.SURVIVES)


def doubt(algorithm: Checked) -> str:
    """What the checks cannot prove of an algorithm, or let pass that they did not before."""
    before = checked()[algorithm.id]
    if len(algorithm.open) > len(before.open):
        known = {obligation.claim for obligation in before.open}
        unproved = (one for one in algorithm.open if one.claim not in known)
        new = next(unproved, algorithm.open[0])
        return f"line {new.line}: nothing proves {new.claim}"
    spread = Counter(line for line, _ in algorithm.typing.broadcasts)
    spread.subtract(line for line, _ in before.typing.broadcasts)
    for line, count in spread.items():
        if count > 0:
            return f"line {line}: a number is added to every entry"
    return ""
