"""Adapters: how functions are called that do not take their arguments in the paper's form.

`choose` finds the adapter of a function: one that is known for a function of a library
(`libraries`), one that is made from the parameters of a class or an object (`modules`), or that of
a plain function in a layout that options describe (`function_in_layout`).
"""
