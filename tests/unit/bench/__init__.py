"""The benchmark's own counting."""
