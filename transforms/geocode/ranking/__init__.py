"""Ranks the candidates of each place mention."""
