"""Every page, in both schemes, on a desk and in a hand: can everybody use it?

axe-core looks at what is opened and stepped to as well. Most of its time went into the colours of
thousands of words, links and cells, which have few: so it is asked about one of each look. All its
other rules see everything, but for the single letters of formulas and the single words of code.

This changes the page, so these tests are the last of a look.
"""

from typing import Any

from selenium_axe_python import Axe

from .conftest import OPEN, Browser, Shown

#: Success criteria of the Web Content Accessibility Guidelines 2.2, of levels A and AA.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Nothing is looked at but what can be a violation.
OPTIONS = {"resultTypes": ["violations"], "preload": False, "iframes": False, "elementRef": False}
#: The rules that compare colours.
COLOURS = ["color-contrast", "link-in-text-block"]

#: A formula becomes its text, of the same colour.
WORDS = """
for (const math of document.querySelectorAll("math")) {
  math.replaceWith(math.getAttribute("alttext"));
}
"""
#: Marks one text and one link of each look: its own, and what lies behind. Of a link it is also its
#: line and the look of the text around.
ONE_OF_EACH_LOOK = """
const CLEAR = "rgba(0, 0, 0, 0) none 1 normal";
const layers = new Map([[null, ""]]);
const behind = (part) => {
  if (!layers.has(part)) {
    const { backgroundColor, backgroundImage, opacity, mixBlendMode } = getComputedStyle(part);
    const own = [backgroundColor, backgroundImage, opacity, mixBlendMode].join(" ");
    layers.set(part, behind(part.parentElement) + (own === CLEAR ? "" : own));
  }
  return layers.get(part);
};
const look = (part) => {
  const { color, fontSize, fontWeight, textShadow } = getComputedStyle(part);
  return [color, fontSize, fontWeight, textShadow, behind(part)].join(" ");
};
const line = (link) => {
  const { textDecoration, borderBottom, display } = getComputedStyle(link);
  let around = link.parentElement;
  while (getComputedStyle(around).display === "inline") around = around.parentElement;
  return [textDecoration, borderBottom, display, look(link.parentElement), look(around)].join(" ");
};
const looks = new Map();
for (const part of document.querySelectorAll("body *")) {
  const link = part.matches("a[href]");
  const says = [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!(says || link) || !part.checkVisibility()) continue;
  const kind = link ? `${look(part)} link ${line(part)}` : look(part);
  if (!looks.has(kind)) looks.set(kind, part);
}
for (const part of looks.values()) part.dataset.once = "";
"""
#: Of the steps that are not chosen those are left that have one of the marked looks. A word of code
#: that is not marked becomes its text: but for its colour, nothing can be wrong with it.
LEAVE = """
for (const frame of document.querySelectorAll(".step:not(:has(input:checked)) > .frame")) {
  if (!frame.querySelector("[data-once]")) frame.remove();
}
for (const word of document.querySelectorAll("pre span[class]:not([data-once])")) {
  if (word.attributes.length === 1 && !word.children.length) word.replaceWith(word.textContent);
}
"""
#: What axe-core finds wrong, everywhere or in some elements.
FOUND = """
const [places, options, done] = arguments;
const where = places ? { include: [...document.querySelectorAll(places)] } : document;
axe.run(where, options).then(({ violations }) => done(violations));
"""


def wrong(browser: Browser, places: str | None, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.driver.execute_async_script(
        FOUND, places, {**OPTIONS, **options}
    )
    return found


def test_everybody_can_use_the_page(shown: Shown) -> None:
    browser = shown.browser
    browser.shown = None  # as it was
    Axe(browser.driver).inject()
    for script in (OPEN, WORDS, ONE_OF_EACH_LOOK, LEAVE):
        browser.run(script)
    all_others = {rule: {"enabled": False} for rule in COLOURS}
    found = wrong(browser, None, runOnly=WCAG, rules=all_others)
    found += wrong(browser, "[data-once]", runOnly=COLOURS)
    assert not found, Axe.report(found)
