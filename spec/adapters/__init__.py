"""How functions are called that are not in the paper's form.

`choose` finds the adapter of a function: one that is ready (`libraries`), one made from the
parameters of a class or an object (`modules`), or that of a plain function in a layout that
options describe (`function_in_layout`).
"""
