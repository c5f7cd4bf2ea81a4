"""Micro-benchmarks of one component each, run interleaved with their peers."""
