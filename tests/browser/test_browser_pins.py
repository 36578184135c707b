"""Is everything that `make browser` installs pinned?"""

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_pins import ROOT, closure


def test_every_project_that_drives_a_browser_is_pinned() -> None:
    rows = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {canonicalize_name(Requirement(row).name) for row in rows if row[0] != "#"}
    seen: set[tuple[str, ...]] = set()
    needed = {"selenium", "selenium-axe-python"}
    needed |= {name for one in sorted(needed) for name in closure(one, (), seen)}
    assert needed - pinned == set()
