"""What reports are drawn of in tests, and what can be read off a drawn figure."""
