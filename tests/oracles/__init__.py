"""Published implementations, at the same generic parameters, in float64."""
