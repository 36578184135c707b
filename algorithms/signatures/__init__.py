"""Array types, and calls held to their annotations.

`arrays` is one array type for NumPy, torch and JAX. `declarations`
reads annotations. `check` holds a call to them, with `array_types`,
`leading_axes` and `values`, and refuses in the words of `messages`.
`decorator` is `@algorithm`. `trees` and `class_docstrings` are for
the classes of θ, `initialisation` draws it. `public_names` finds
algorithms of ours.
"""
