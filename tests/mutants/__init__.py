"""Small changes of the pseudocode and of the reference, and what sees each of them."""
