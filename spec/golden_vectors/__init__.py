"""Golden vectors: what every numbered line sets on an example, in files for any language.

They are a folder of `.npy` files with an `index.json`, which says what each file holds; its form
is described by `index.schema.json`. Every stored number is the double nearest to the exact one.
"""

from spec.golden_vectors.index import schema, write

__all__ = ["schema", "write"]
