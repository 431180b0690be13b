"""What runs the graph: Beam's local runner and its worker processes, and other engines."""
