"""The engine: decides what happens; imports the standard library and pydantic only."""
