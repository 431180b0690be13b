"""What benchmarks/accuracy.py prints, a topic a file."""
