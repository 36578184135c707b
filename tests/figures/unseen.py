"""What is said of hosts that no maker of the checks had seen, as they are and with their bugs?"""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from helpers.planting import edited

from spec.checking.check import check
from spec.checking.report import Report

HERE = Path(__file__).parents[1] / "hosts" / "unseen"


@cache
def hosts() -> dict[str, dict[str, Any]]:
    """The hosts by their numbers: what each is, and the edits that put its bug into it."""
    table = tomllib.loads((HERE / "index.toml").read_text(encoding="utf-8"))
    return {host["number"]: host for host in table["host"]}


def twin(number: str, *, wrong: bool) -> ModuleType:
    """A host as it is, or with its bug."""
    source = (HERE / f"host_{number}.py").read_text(encoding="utf-8")
    if wrong:
        source = edited(source, *map(tuple, hosts()[number]["edits"]))
    name = f"unseen_{number}_{'wrong' if wrong else 'right'}"
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(compile(source, name, "exec"), module.__dict__)
    return module


def report_on(number: str, *, wrong: bool) -> Report:
    """What a check says of a host."""
    sys.path.insert(0, str(HERE))
    from wiring import check_of  # as its writer has left it

    torch.set_num_threads(1)
    asked = check_of(number, twin(number, wrong=wrong))
    return check(
        asked["function"],
        asked["algorithm"],
        adapter=asked["adapter"],
        format=asked["format"],
        seconds=asked["seconds"],
    )


def outcome(number: str) -> dict[str, Any]:
    """What becomes of a host: whether it is said to be right as it is, and what is said of its bug.

    It is found if the host is said to be wrong, or to differ as is documented. Its place is right
    if one of the lines in which the bug lies is among those of the places, or of the explanation.
    It is named if each explanation consists of mistakes that are the bug, as people judge.
    """
    host = hosts()[number]
    right, wrong = report_on(number, wrong=False), report_on(number, wrong=True)
    lines = set().union(*(place.every_line for place in wrong.locations))
    lines |= {
        line for each in wrong.explanations for change in each.changes for line in change.edits
    }
    names = [[str(change) for change in each.changes] for each in wrong.explanations]
    return {
        "algorithm": host["algorithm"],
        "bug": host["bug"],
        "found": not wrong.passes or bool(wrong.explanations),
        "lines": len(lines),
        "named_at_first": host["named_at_first"],
        "named": bool(names) and all(set(each) <= {*host["names"]} for each in names),
        "names": [" with ".join(each) for each in names],
        "number": number,
        "placed": not lines.isdisjoint(host["lines"]),
        "right": right.passes,
        "seconds": round(wrong.seconds),
    }


def figures(workers: int) -> list[dict[str, Any]]:
    """All hosts."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(outcome, hosts()))
