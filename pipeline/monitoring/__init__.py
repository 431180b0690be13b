"""What tells people and machines how a run goes, and ends one that hangs."""
