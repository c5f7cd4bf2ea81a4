"""Compares the answers of two implementations: no network, no clock.

Kept empty of imports: a worker may load a light module of this package without loading DeepDiff.
"""
