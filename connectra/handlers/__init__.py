"""One handler an endpoint: eligible, translate, fetch, shape."""
