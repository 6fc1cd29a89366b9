"""Facts to whoever watches."""
