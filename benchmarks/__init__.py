"""Benchmarks of the service's speed and memory: `make bench`."""
