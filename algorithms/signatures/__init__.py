"""Array types, and calls held to their annotations.

`arrays` is one array type for NumPy, torch and JAX. `annotations`
reads annotations, with the marks of `declarations` in them. `check`
holds a call to them, with `array_types`, `leading_axes` and
`values`, and refuses in the words of `messages`. `decorator` is
`@algorithm`, and `checked_call` what it does once a function is
called. `trees` and `class_docstrings` are for the classes of θ,
`initialisation` draws it. `public_names` finds algorithms of ours.
"""
