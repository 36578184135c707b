"""Transformers as other people write them, each in conventions of its own, and how to reach them.

A host knows nothing of this project. It is written once, compared with the reference, and frozen
(`frozen.toml`); `convert` alone knows both sides.
"""
