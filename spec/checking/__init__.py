"""Is a function an algorithm, and if it is not, which mistake does it make?"""
