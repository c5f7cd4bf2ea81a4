"""Load tests and benchmarks: Locust runs only in its own process."""
