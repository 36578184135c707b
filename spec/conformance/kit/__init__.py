"""Is a given function the algorithm? A check of anybody's function against the pseudocode."""
