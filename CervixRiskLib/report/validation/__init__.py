"""The report of a fixed model on another hospital's patients."""
