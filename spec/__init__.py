"""The specification: the algorithms of Phuong & Hutter 2022 as text, and the tools that read it.

The texts are the `.alg` files in `paper/` and `extensions/`. Nothing here imports an
implementation: the tools are given a function, or the name of a module, and look at that.
"""
