"""What the course claims about speed, measured: ``python -m benchmarks`` prints the tables."""
