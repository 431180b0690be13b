"""Growth of the time per character with the length of the input."""
