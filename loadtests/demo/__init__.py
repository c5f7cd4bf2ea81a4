"""The demo: a lab, `crossfade serve` before it, callers, and a story that must come true to the letter."""
