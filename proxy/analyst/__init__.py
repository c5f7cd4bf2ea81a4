"""Takes exchanges, compares, rechecks, records, judges and broadcasts routing tables. May die at any time."""
