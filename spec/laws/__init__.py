"""Laws: theorems of the pseudocode that can be put to anybody's function.

A law stands in the file of its subject, made by the decorator of `law`; `registry` finds those of
an algorithm.
"""
