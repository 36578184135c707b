"""Laws: theorems about the pseudocode that can be put to anybody's function.

A law is a function with the decorator `law.law`, in the file of its subject.
"""
