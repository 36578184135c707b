"""Algorithms with a change in their text, small algorithms, and what the checks say of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from spec.language import alg_file
from spec.language.checked import Checked, check, declarations
from spec.language.errors import CheckError
from spec.language.parse import program
from spec.language.tree import Program
from spec.library import algorithms, checked, programs

#: The head of the sketches, which have the id Y1.
HEAD = """\
Algorithm Y1: A sketch
Input: x, z ∈ V*, X ∈ ℝ^{d_e×ℓ}, v ∈ V, j ∈ [ℓ]
       for n ∈ [N]: x_n ∈ V*, e_n ∈ ℝ^{d_e}
Output: r ∈ ℝ
Parameters: θ as in Algorithm 9, W ∈ ℝ^{d_f×d_e}, w, a ∈ ℝ^{d_e}
Hyperparameters: Mask ∈ {0,1}^{ℓ×ℓ}, m, d ∈ ℕ, τ ∈ ℝ
Requires: 1 ≤ length(x), length(x) ≤ ℓ_max
       1 ≤ length(x_n), length(x_n) ≤ ℓ_max
"""

Seed = tuple[str, str, str, tuple[str, ...]]


def read(text: str) -> Program:
    return program(alg_file.read(text, "a text"))


def sketch(lines: str, head: str = HEAD) -> str:
    """The text of a small algorithm; if it returns nothing, a last line returns 0."""
    rows = [*lines.split("\n"), *(() if "return" in lines else ("return r = 0",))]
    return f"{head}\n" + "".join(f"{number:<3}{row}\n" for number, row in enumerate(rows, 1))


def edited(place: str, old: str, new: str) -> Program:
    """An algorithm with a text replaced, once: in a line, `4.5`, or in its head, `4`."""
    id, _, number = place.partition(".")
    text = sketch("y ← 0") if id == "Y1" else alg_file.write(algorithms()[id])
    head, lines = text.split("\n\n", 1)
    rows = (row for row in lines.split("\n") if row.split(" ")[0] == number)
    part = next(rows) if number else head
    assert old in part, f"{old} does not stand there"
    text = f"\n{text}\n".replace(f"\n{part}\n", f"\n{part.replace(old, new, 1)}\n")[1:-1]
    return read("\n".join(row.rstrip() for row in text.split("\n")))


@cache
def changed(place: str, old: str, new: str) -> Checked:
    """What is known of an algorithm with a change of its text."""
    one = edited(place, old, new)
    if "." in place:
        return check(one, {other.id: other.header for other in checked().values()})
    return understood(one)


def understood(one: Program, *others: Program) -> Checked:
    """What is known of an algorithm, which may call some others and those of the files."""
    trees = {**programs(), **{tree.id: tree for tree in (one, *others)}}
    return check(one, declarations(trees))


def opened(one: Checked) -> tuple[str, ...]:
    """The claims that are open, except those that are open in the files: `14.3: 1 ≤ τ`."""
    known = {claim.claim for claim in checked()[one.id].open} if one.id in checked() else ()
    claims = [f"{one.id}.{found.line}: {found.claim}" for found in one.open]
    return tuple(claim for claim in dict.fromkeys(claims) if claim.split(": ", 1)[1] not in known)


def judged(lines: str, head: str = HEAD, *others: str) -> str:
    """What is wrong with a sketch, or what is open in it, in a few words."""
    try:
        one = understood(read(sketch(lines, head)), *map(read, others))
    except CheckError as error:
        return f"{error.place}: {error.problem}"
    return ", ".join(f"{claim.removeprefix('Y1.')} is open" for claim in opened(one))


def table(name: str) -> str:
    """The text of a table in tests/language, without its comments."""
    text = (Path(__file__).parent.parent / "language" / name).read_text(encoding="utf-8")
    return "\n".join(row for row in text.split("\n") if not row.startswith("#"))


def seeds(name: str) -> list[Seed]:
    """The seeds of a table: a place, a text, what replaces it, and the rows below."""
    found: list[Seed] = []
    for row in filter(None, table(name).split("\n")):
        if row.startswith(" "):
            place, old, new, below = found.pop()
            found.append((place, old, new, (*below, row.strip())))
        else:
            place, change = row.split("  ", 1)
            old, new = (part.strip().replace("⏎", "\n") for part in change.split("⇒"))
            found.append((place, old, new, ()))
    return found


def sketches(text: str) -> list[tuple[str, str]]:
    """The sketches of a table, each with the answer that is expected."""
    found, rows = [], []
    for row in filter(None, text.split("\n")):
        if row.startswith("→"):
            found.append(("\n".join(rows), row.removeprefix("→").strip()))
            rows = []
        else:
            rows.append(row)
    return found
