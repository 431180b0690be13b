"""HTTP: a client with limits, robots.txt, rate limits per host, and redaction of secrets."""
