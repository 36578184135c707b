"""The fonts: every sign of a formula is set in one that comes with the pages."""

from .conftest import OPEN, Browser

#: Marks one element for each text that formulas and symbols have, and counts these.
MARK = """
const parts = document.querySelectorAll("math :is(mi, mn, mo), var, .symbols");
const signs = [...parts].filter((part) =>
  part.textContent.trim() && !part.closest("mtext, b") && part.checkVisibility());
const once = new Map(signs.map((part) => [`${part.localName} ${part.textContent}`, part]));
once.forEach((part) => part.setAttribute("data-once", ""));
return once.size
"""


def test_every_sign_of_a_formula_is_set_in_a_font_that_is_shipped(
    browser: Browser, served: str, card_page: str
) -> None:
    browser.look()
    browser.open(served + card_page)
    browser.run(OPEN)
    browser.driver.execute_async_script("document.fonts.ready.then(() => arguments[0]())")
    count = browser.run(MARK)
    browser.send("DOM.enable")
    browser.send("CSS.enable")
    page = browser.send("DOM.getDocument", depth=0)["root"]["nodeId"]
    marked = browser.send("DOM.querySelectorAll", nodeId=page, selector="[data-once]")["nodeIds"]
    assert len(marked) == count > 0
    foreign = []
    for node in marked:
        fonts = browser.send("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
        if not fonts or not all(font["isCustomFont"] for font in fonts):
            said = browser.send("DOM.getOuterHTML", nodeId=node)["outerHTML"]
            foreign.append((said, [font["familyName"] for font in fonts]))
    assert foreign == []
