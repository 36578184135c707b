"""The type of every expression of an algorithm, and what its sizes must fulfil."""
