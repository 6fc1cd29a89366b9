"""The front door of the engine, the only writer of execution state, and its pure transitions."""
