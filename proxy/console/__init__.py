"""The web console and the control API."""
