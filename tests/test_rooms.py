"""Does every file of the specification have a name of its own, and every room a word about it?"""

import ast
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 500  # lines of a file of tests, but for those of hosts that are as others wrote them


def modules(folder):
    return [path for path in (ROOT / folder).rglob("*.py") if path.name != "__init__.py"]


def several(paths):
    """The names that more than one file has."""
    return [name for name, count in Counter(path.name for path in paths).items() if count > 1]


def test_no_two_files_of_the_specification_have_one_name():
    assert several(modules("spec")) == []


def test_no_two_files_of_tests_have_one_name():
    """By which alone pytest imports what lies in no package."""
    assert several((ROOT / "tests").rglob("test_*.py")) == []


@pytest.mark.parametrize("folder", ["algorithms", "spec"])
def test_every_file_says_what_it_holds(folder):
    silent = [
        path.relative_to(ROOT)
        for path in (ROOT / folder).rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_tests_stand_in_the_rooms_of_what_they_test():
    rooms = {path.name for folder in ("spec", "algorithms") for path in (ROOT / folder).iterdir()}
    own = {"algorithms", "browser", "docs", "figures", "helpers", "hosts", "mutants", "user_code"}
    found = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("*.py"))}
    assert found - rooms - own == set()


def test_no_file_of_tests_is_long():
    own = (path for path in modules("tests") if path.parent.name != "unseen")
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in own}
    assert [path.name for path, length in lengths.items() if length > LONGEST] == []


def test_the_contract_of_layers_names_every_room_of_the_specification():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (held,) = (
        one["containers"] for one in contracts["contracts"] if "spec" in one.get("containers", ())
    )
    rooms = {path.parent for path in (ROOT / "spec").rglob("*.py")}
    assert {*held} == {".".join(room.relative_to(ROOT).parts) for room in rooms}
