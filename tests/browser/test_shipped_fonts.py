"""The fonts: every sign of a formula is set in one that comes with the pages."""

from .conftest import Browser

#: What the font that ours is cut out of has no sign for. In formulas it is a raised T.
LACKED = "ᵀ"
#: Marks one element for each text that formulas and symbols have, and counts these.
MARK = """
const parts = document.querySelectorAll("math :is(mi, mn, mo), var, .symbols");
const signs = [...parts].filter((part) => part.textContent.trim() && !part.closest("mtext, b")
  && !part.textContent.includes(arguments[0]));
const once = new Map(signs.map((part) => [`${part.localName} ${part.textContent}`, part]));
once.forEach((part) => part.setAttribute("data-once", ""));
return once.size
"""


def test_every_sign_of_a_formula_is_set_in_a_font_that_is_shipped(
    browser: Browser, served: str, card_page: str
) -> None:
    browser.look()
    browser.open(served + card_page)
    browser.driver.execute_async_script("document.fonts.ready.then(() => arguments[0]())")
    count = browser.run(MARK, LACKED)
    browser.send("DOM.enable")
    browser.send("CSS.enable")
    page = browser.send("DOM.getDocument", depth=0)["root"]["nodeId"]
    marked = browser.send("DOM.querySelectorAll", nodeId=page, selector="[data-once]")["nodeIds"]
    assert len(marked) == count > 0
    foreign = []
    for node in marked:
        fonts = browser.send("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
        if not all(font["isCustomFont"] for font in fonts):
            said = browser.send("DOM.getOuterHTML", nodeId=node)["outerHTML"]
            foreign.append((said, [font["familyName"] for font in fonts]))
    assert foreign == []
