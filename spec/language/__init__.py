"""The language that the `.alg` files are written in."""
