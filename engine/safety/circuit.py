"""When a service that keeps failing is left alone, and when it is asked again: pure, from one instant to the next.

Closed, every call goes through. After :data:`MOST_FAILURES` calls in a row that found it unavailable it opens: calls are
turned away for a while. Then one call, the probe, goes through: what comes of it closes the circuit or opens it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MOST_FAILURES = 5

PAUSE = timedelta(seconds=30)

LONGEST_PAUSE = timedelta(minutes=5)
"""Even where the service asked for more: somebody may have mended it since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """What is known of one service."""

    failures: int = 0
    """In a row, while closed."""
    opened: int = 0
    """How often it opened: what calls begun before that come to says nothing about the time since."""
    until: datetime | None = None
    """No call goes through before; None: closed."""
    probe_since: datetime | None = None
    """A probe is under way."""

    @property
    def is_open(self) -> bool:
        """Is the service being left alone, or probed?"""
        return self.until is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Leave to make one call."""

    opened: int
    """As the circuit's when the call began."""
    probe: bool = False


def admit(circuit: Circuit, now: datetime) -> tuple[Circuit, Admission | timedelta]:
    """May a call be made now? Otherwise, how long until the next one may.

    A probe that nothing came of for a whole pause is given up, and so is an opening that a clock set back would prolong.
    """
    leave = Admission(opened=circuit.opened)
    if circuit.until is None:
        return circuit, leave
    wait = circuit.until - now
    if timedelta() < wait <= LONGEST_PAUSE:
        return circuit, wait
    if circuit.probe_since is not None:
        left = circuit.probe_since + PAUSE - now
        if timedelta() < left <= PAUSE:
            return circuit, left
    return replace(circuit, until=min(circuit.until, now), probe_since=now), replace(leave, probe=True)


def succeeded(circuit: Circuit) -> Circuit:
    """The service answered, whatever it said."""
    return Circuit(opened=circuit.opened)


def failed(circuit: Circuit, admission: Admission, now: datetime, retry_after: timedelta | None) -> Circuit:
    """The service was unavailable.

    Args:
        circuit: as it is now.
        admission: of the call.
        now: the current instant.
        retry_after: it asked to be left alone for so long.
    """
    if admission.opened != circuit.opened:
        return circuit
    failures = circuit.failures + 1
    if failures < MOST_FAILURES and not admission.probe:
        return replace(circuit, failures=failures)
    pause = max(PAUSE, min(retry_after or PAUSE, LONGEST_PAUSE))
    return Circuit(failures=failures, opened=circuit.opened + 1, until=now + pause)


def given_up(circuit: Circuit, admission: Admission) -> Circuit:
    """The call ended without a word about the service: it was cancelled, or broke before it got there."""
    if not admission.probe or admission.opened != circuit.opened:
        return circuit
    return replace(circuit, probe_since=None)
