"""The command `formal-transformers`, and how it prints what it is asked for."""
