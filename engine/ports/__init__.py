"""What the engine needs from the world, as Protocols whose docstrings are the specification."""
