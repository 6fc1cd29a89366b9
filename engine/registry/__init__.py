"""Which agents and tools there are, and that they fit each other."""
