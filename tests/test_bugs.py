"""Can each seeded bug still be put in?"""

from __future__ import annotations

import pytest
from bugs.__main__ import BUGS, ROOT


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug["what"])
def test_what_is_right_stands_in_the_reference_once(bug):
    source = (ROOT / "algorithms" / "paper" / bug["file"]).read_text(encoding="utf-8")
    assert source.count(bug["right"]) == 1
    assert bug["wrong"] != bug["right"]
