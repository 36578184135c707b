"""Adapters: how a function is called whose arguments are not in the paper's form.

`choose` finds the adapter of a function. It is ready for a function of a library (`libraries`), is
made of the parameters of a class or an object (`modules`), or of options (`function_in_layout`).
"""
