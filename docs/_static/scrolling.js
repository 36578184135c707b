// What is wider than the page scrolls within itself. Where it does, it can be reached by keyboard,
// in browsers too that do not see to it themselves, and it has a name there.
"use strict";
{
  const blocks = document.querySelectorAll("article :is(pre, .table-wrapper)");

  const name = (block) => {
    const heading = block.closest("section")?.querySelector(":is(h1, h2, h3, h4)");
    const kind = block.matches("pre") ? "Code" : "Table";
    return `${kind}: ${heading?.firstChild?.textContent ?? document.title}`;
  };

  const update = (block) => {
    if (block.scrollWidth > block.clientWidth) {
      block.tabIndex = 0;
      block.setAttribute("role", "group");
      block.setAttribute("aria-label", name(block));
    } else {
      for (const attribute of ["tabindex", "role", "aria-label"]) block.removeAttribute(attribute);
    }
  };

  const seen = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));
  blocks.forEach((block) => seen.observe(block));
}
