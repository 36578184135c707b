"""The type of every expression of an algorithm, and the obligations on its sizes.

It is one class, in files by subject, each the base of the next: `Equations` between sizes,
`Expressions`, `Calls`, and `Lines`. What it finds out is a `Typing`.
"""
