"""The command `formal-transformers`: its arguments, its subcommands, and how they print."""
