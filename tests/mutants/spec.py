"""Mutants of the pseudocode: on what they run, and what becomes of each."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from helpers.cases import SINGLE, TRAINING, case

from mutants.mutant import Fate, Mutant, Verdict
from spec.expected.line_values import LineValues, PairedInputs
from spec.language.checked import Checked
from spec.language.errors import SpecError
from spec.library import checked
from spec.line_by_line.observe import Observation
from spec.line_by_line.tie import compare_run, run_observed
from spec.mistakes.mutants import mutants as of
from spec.mistakes.mutants import mutated
from spec.pairing import implementations


def mutants() -> Iterator[Mutant]:
    """Every mutant of every algorithm of the paper."""
    for id in checked():
        if id.isdecimal():
            yield from of(id)


@dataclass(frozen=True)
class Draw:
    """Which inputs: a seed, sizes other than those that are usual, whether in a batch."""

    seed: int
    sizes: Mapping[str, int] = field(default_factory=dict)
    batched: bool = False


#: Small, since most mutants differ on any inputs.
SMALL = {
    "N_V": 7, "ℓ_max": 9, "L": 2, "L_enc": 2, "L_dec": 2, "H": 2, "ℓ_gen": 2,
    "d_e": 4, "d_attn": 3, "d_mid": 5, "d_mlp": 6, "d_f": 5, "length(x)": 3, "length(z)": 5,
}  # fmt: skip
#: Smaller still, for what takes derivatives.
LEAST = {
    "N_V": 7, "ℓ_max": 6, "L": 1, "L_enc": 1, "L_dec": 1, "H": 1, "d_e": 3, "d_attn": 2,
    "d_mid": 4, "d_mlp": 5, "d_f": 4, "length(x_n)": 2, "length(z_n)": 3, "N_epochs": 1,
}  # fmt: skip
#: Each loop with turns of its own, so that the bound of one is not that of another.
LONGER = {**LEAST, "N_epochs": 2, "N_data": 1}
DEEPER = {**LEAST, "L": 2, "L_enc": 2, "L_dec": 2, "H": 2, "N_epochs": 2}
UNEQUAL = {"L": 3, "L_enc": 3, "L_dec": 1, "H": 2, "length(x)": 7, "length(z)": 4}
#: So few tokens that the end of the text is drawn: with these seeds, at the second or third turn.
ENDING = {**SMALL, "N_V": 4, "H": 3}
ENDS = (27, 12)


def draws(id: str) -> list[Draw]:
    """What a mutant runs on, one after the other until there is a difference."""
    if id in TRAINING:
        # With this seed, tokens on either side of mask_token are masked, and are not.
        return [Draw(8, LEAST), Draw(9, LONGER), Draw(2, DEEPER)]
    if id == "15":
        return [Draw(0, SMALL), *(Draw(seed, ENDING) for seed in ENDS), Draw(1)]
    found = [Draw(0, SMALL), Draw(1), Draw(2), Draw(3, UNEQUAL)]
    return found if id in SINGLE else [*found, Draw(4, batched=True)]


@cache
def observed(id: str, place: int) -> tuple[PairedInputs, Observation]:
    """One of the draws, and what the reference does on it; to be run once."""
    draw = draws(id)[place]
    inputs = case(id, draw.seed, batched=draw.batched, **draw.sizes)
    return inputs, run_observed(inputs, implementations("algorithms")[id])


def verdict(mutant: Mutant) -> Verdict:
    """What becomes of a mutant."""
    id, _, _ = mutant.line.partition(".")
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
            except Exception as error:
                return Verdict(mutant, Fate.REFUSED, f"it raises {type(error).__name__}: {error}")
            for difference in compare_run(expected, observation).differences:
                fate = Fate.NAMED if difference.line == mutant.line else Fate.CAUGHT
                return Verdict(mutant, fate, str(difference))
    return Verdict(mutant, Fate.SURVIVES)


def doubt(algorithm: Checked) -> str:
    """What the checks cannot prove of an algorithm, or let pass that they did not before."""
    before = checked()[algorithm.id]
    if len(algorithm.open) > len(before.open):
        known = {one.claim for one in before.open}
        new = next((one for one in algorithm.open if one.claim not in known), algorithm.open[0])
        return f"line {new.line}: nothing proves {new.claim}"
    spread = Counter(line for line, _ in algorithm.typing.broadcasts)
    for line, _ in before.typing.broadcasts:
        spread[line] -= 1
    for line, count in spread.items():
        if count > 0:
            return f"line {line}: a number is added to every entry"
    return ""
