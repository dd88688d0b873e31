"""A reader study full of secrets, and an attack that looks for them in whatever a reader is given."""
