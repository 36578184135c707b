"""The tree as mathematics is printed: for the browser, `mathml`, and for TeX, `latex`."""
