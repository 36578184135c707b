"""Golden vectors: what every numbered line sets on given inputs, in files for any language.

A folder of `.npy` files, and `index.json`, which says what each holds and in which form
(`index.schema.json`). Every stored number is the double nearest to the exact one.
"""

from spec.golden_vectors.index import Written, schema, write

__all__ = ["Written", "schema", "write"]
