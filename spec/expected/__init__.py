"""The exact values of the pseudocode on some arguments, and how far rounding may be from them."""
