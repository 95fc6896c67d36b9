"""Benchmarks: figures that the project promises, measured again by one command."""
