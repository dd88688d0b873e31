"""One table a file; each function returns a pandas table of text and can write it."""
