"""Adapters: how functions are called that do not take their arguments in the paper's form.

`choose` finds that of a function: it is known (`libraries`), or made from the parameters of a class
or an object (`modules`), or described by options (`function_in_layout`).
"""
