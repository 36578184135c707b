"""Speed, measured side by side in one run and said as a ratio."""
