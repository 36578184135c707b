"""What becomes of a mutant, and which are known to survive."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from helpers.paper import PAPER

from spec.library import checked, example
from spec.mistakes.mutants import Mutant

__all__ = ["Fate", "Mutant", "Verdict", "survivors"]


class Fate(Enum):
    """What sees a mutant: the first of these that does."""

    REFUSED = "refused"  # it is not a program: its sizes do not agree, it raises an error
    NAMED = "named"  # the tie names its line
    CAUGHT = "caught"  # the tie sees at another line that something is wrong
    SURVIVES = "survives"  # nothing sees it


@dataclass(frozen=True)
class Verdict:
    """What has become of a mutant, and what is said about it."""

    mutant: Mutant
    fate: Fate
    message: str = ""


def survivors(kind: str) -> dict[tuple[str, str], str]:
    """The mutants that are known to survive, by line and text, and why.

    Those of the paper's algorithms stand beside this file. Those of an algorithm of ours stand in
    the file beside its text, as tables `survivor` with a `kind`, which is `spec` or `code`.
    """
    file = Path(__file__).with_name(f"survivors_{kind}.toml")
    listed = [(entry, kind) for entry in tomllib.loads(file.read_text(encoding="utf-8"))[kind]]
    for id in checked().keys() - set(PAPER):
        listed += [(entry, entry["kind"]) for entry in example(id).get("survivor", ())]
    return {(entry["line"], entry["after"]): entry["reason"] for entry, of in listed if of == kind}
