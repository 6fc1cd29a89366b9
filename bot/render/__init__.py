"""Snapshots of executions into cards and replies that belong to no platform, in the language of the request."""
