"""Is everything that `make` installs pinned?"""

from __future__ import annotations

from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: What only torch's CUDA build needs: the CPU build is enough, and brings none of it.
CUDA = ("cuda-", "nvidia-", "triton")
ROOT = Path(__file__).parent.parent


def closure(name, extras, seen):
    """Every project that a project needs, by name."""
    for text in requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker and not any(
            requirement.marker.evaluate({"extra": extra}) for extra in (*extras, "")
        ):
            continue
        found = canonicalize_name(requirement.name)
        if (found, *sorted(requirement.extras)) not in seen:
            seen.add((found, *sorted(requirement.extras)))
            closure(found, requirement.extras, seen)
    return {key[0] for key in seen}


def test_every_project_that_is_installed_is_pinned():
    rows = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(row) for row in rows if row and not row.startswith("#")]
    assert all(str(pin.specifier).startswith("==") for pin in pins)
    pinned = {canonicalize_name(pin.name) for pin in pins}
    needed = closure("formal-transformers", ("check", "docs", "test"), set())
    assert {name for name in needed - pinned if not name.startswith(CUDA)} == set()
