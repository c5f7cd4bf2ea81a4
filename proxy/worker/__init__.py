"""One event loop a core: match, decide, serve, mirror. Never compares beyond equal bytes, never speaks SQL."""
