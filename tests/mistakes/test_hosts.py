"""Do the hosts know nothing of the reference, and stay as they were?

That each function computes its algorithm is shown where it is checked (`tests/adapters`); what is
frozen can lose nothing that it had.
"""

from __future__ import annotations

import ast
import hashlib
import tomllib
from pathlib import Path

import pytest
from hosts import columns_numpy

HOSTS = Path(columns_numpy.__file__).parent
FROZEN = tomllib.loads((HOSTS / "frozen.toml").read_text("utf-8"))
MAY_IMPORT = {"rows_torch": {"math", "torch", "typing"}, "columns_numpy": {"math", "numpy"}}


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_host_imports_nothing_of_ours(name):
    found = set()
    for node in ast.walk(ast.parse((HOSTS / f"{name}.py").read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                found |= {alias.name.split(".")[0] for alias in names}
            case ast.ImportFrom(module=module, level=level):
                assert level == 0
                found.add(module.split(".")[0])
    assert found <= MAY_IMPORT[name]


def test_every_host_is_frozen():
    here = {path.stem for path in HOSTS.glob("*.py")} - {"__init__", "adapters", "convert", "plant"}
    assert here == set(FROZEN) == set(MAY_IMPORT)


@pytest.mark.parametrize("name", FROZEN)
def test_a_host_is_as_it_was_when_it_was_frozen(name):
    assert FROZEN[name]["why"]
    source = (HOSTS / f"{name}.py").read_bytes()
    assert hashlib.sha256(source).hexdigest() == FROZEN[name]["sha256"]
