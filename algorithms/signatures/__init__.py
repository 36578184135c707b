"""Array types, and calls held to their annotations.

`arrays` is one array type for NumPy, torch and JAX.
`declarations` reads annotations, `scope` holds a call to them,
`decorator` is `@algorithm`, `initialisation` draws θ from them.
"""
