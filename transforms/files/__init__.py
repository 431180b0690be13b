"""Local files: patterns as shells have them, and files that can be opened without harm."""
