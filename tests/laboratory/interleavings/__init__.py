"""Deterministic schedules of the whole engine on one event loop: a seed decides what comes when, so each can be run again.

``python -m tests.laboratory --only interleavings --replay TOKEN`` runs the schedule of a token again and tells it step by step.
"""

from tests.laboratory.interleavings.explore import PART

__all__ = ["PART"]
