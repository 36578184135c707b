"""Arguments of an algorithm: their sizes, their numbers, and their form in Python."""
