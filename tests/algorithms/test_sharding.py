"""Do several devices give what one gives, and send each other what theory asks?"""

import json
import re

import pytest
from figures.sharding import ROOT, run

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

PAGE = (ROOT / "docs" / "sharding.rst").read_text("utf-8")
SHOWN = json.loads((ROOT / "docs" / "_data" / "sharding.json").read_text("utf-8"))
PROGRAMS = [f"{row['program']}, {row['split']}" for row in SHOWN]


@pytest.fixture(scope="module")
def printed():
    """What the page's code prints, and then its programs at small sizes, run on eight devices."""
    return run("1")


@pytest.fixture(scope="module")
def found(printed):
    rows = json.loads(printed[-1])
    return {f"{row['program']}, {row['split']}": row for row in rows}


def test_the_code_of_the_page_prints_what_it_says(printed):
    said = re.findall(r"print\(.*\)  # (.*)", PAGE)
    assert len(said) == 3
    assert printed[:-1] == said


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_mesh_of_devices_gives_what_one_device_gives(found, program):
    assert found[program]["apart"] <= found[program]["bound"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_devices_send_what_theory_asks_and_what_the_page_says_besides(found, program):
    assert found.keys() == {*PROGRAMS}
    assert found[program]["sent"] == found[program]["with_more"]


def test_the_page_counts_so_at_the_sizes_of_gpt2():
    assert [row["sent"] for row in SHOWN] == [row["with_more"] for row in SHOWN]
