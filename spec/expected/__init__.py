"""What the pseudocode gives on given arguments, and how far rounding may lead away from it."""
