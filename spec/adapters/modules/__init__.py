"""Classes and objects made of modules, called with the paper's parameters in place of theirs."""
