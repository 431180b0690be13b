"""Feeds: lists of them, when to poll each, what is remembered of it, and fetching it."""
