"""Other engines, each in the environment of the ``bench-peers`` extra."""
