"""Crossfade's processes: worker, analyst, supervisor, and the journey of a request through them."""
