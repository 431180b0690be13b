"""The commands besides `run` and `check`, each with what it prints."""
