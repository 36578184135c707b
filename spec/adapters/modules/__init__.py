"""Classes and objects made of modules: the paper's parameters take the place of their own."""
