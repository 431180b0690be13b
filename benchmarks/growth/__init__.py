"""Whether the time per character grows with the length of what is read."""
