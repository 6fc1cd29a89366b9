"""Nouns of the product: frozen, pure, no I/O, no clock, no randomness."""
