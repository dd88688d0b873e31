"""One figure a file; each function returns a matplotlib ``Figure`` and can write it."""
