"""Generated requests over all endpoints, asked of both sides, and what the rules say of the answers."""
