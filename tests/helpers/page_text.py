"""The text of an element of a page: what a reader sees, and what a reader copies."""

from bs4 import Tag


def copied(tag: Tag) -> str:
    """Return the text that a reader selects and copies: all but what is shown of the formulas."""
    return "".join(
        str(text)
        for text in tag.find_all(string=True)
        if text.find_parent(class_="plain") or not text.find_parent(class_="math")
    )


def shown(tag: Tag) -> str:
    """Return what is shown: words, and what formulas say that they are."""
    if "plain" in tag.get_attribute_list("class"):
        return ""
    parts = (shown(part) if isinstance(part, Tag) else str(part) for part in tag.children)
    return str(tag["alttext"]) if tag.name == "math" else "".join(parts)
