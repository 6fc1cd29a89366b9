"""Slack: events in, one living card out."""
