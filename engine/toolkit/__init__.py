"""Decorators of a Tool, one per file: each a Tool itself, so that the executor knows none of them."""
