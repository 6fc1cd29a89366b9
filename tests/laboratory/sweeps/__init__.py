"""Scenarios that are killed at every point they pass, one a module, and the part that sweeps them all."""

from tests.laboratory.sweeps.part import PART

__all__ = ["PART"]
