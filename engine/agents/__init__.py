"""The first agents, one per file. Their input models are what planners fill in."""
