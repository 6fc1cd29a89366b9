"""The attempts of one run that are under way, and how the latest ones ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from engine.domain.ids import StepId
from engine.execution.attempt import AttemptEnd, GaveWay, StepAttempt


class UnderWay:
    """At most one attempt a step.

    Args:
        spawn: makes a task of the run's group.
        nudge: called whenever an attempt has ended.
    """

    def __init__(
        self, spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]], nudge: Callable[[], None]
    ) -> None:
        self._spawn = spawn
        self._nudge = nudge
        self._running: dict[StepId, tuple[StepAttempt, asyncio.Task[None]]] = {}
        self._void: set[StepAttempt] = set()
        """Attempts of a draft that was dropped: how they end means nothing."""
        self._ended: list[tuple[StepAttempt, AttemptEnd]] = []

    def __bool__(self) -> bool:
        """Does anything run, or is there an end that was not taken yet?"""
        return bool(self._running or self._ended)

    def start(self, attempt: StepAttempt) -> None:
        """Run an attempt that has been claimed."""
        task = self._spawn(self._run(attempt))
        self._running[attempt.step.id] = (attempt, task)
        task.add_done_callback(lambda _: self._end_unbegun(attempt))

    def take_ended(self) -> list[tuple[StepAttempt, AttemptEnd]]:
        """What ended since this was last asked, without what means nothing any more."""
        ended, self._ended = self._ended, []
        meant = [(attempt, end) for attempt, end in ended if attempt not in self._void]
        self._void.difference_update(attempt for attempt, _ in ended)
        return meant

    def void_except(self, kept: frozenset[StepId]) -> None:
        """Stop what runs for a step of a draft that is not kept, and forget what ended for one."""
        for step_id in self._running.keys() - kept:
            attempt, task = self._running.pop(step_id)
            self._void.add(attempt)
            task.cancel()
        self._ended = [(attempt, end) for attempt, end in self._ended if attempt.step.id in kept]

    def clear_except(self, kept: frozenset[StepId] = frozenset()) -> bool:
        """Stop what can be redone and is not kept; what has begun an effect, or is to end one, ends first.

        Returns:
            True when no such attempt is left, and how each ended was taken: an end not taken yet is not recorded yet.
        """
        left_out = self._running.keys() - kept
        for step_id in left_out:
            attempt, task = self._running[step_id]
            if not (attempt.had_effect or attempt.must_end):
                task.cancel()
        return not left_out and all(attempt.step.id in kept for attempt, _ in self._ended)

    def stop_reads(self) -> None:
        """Stop what can be redone; what has begun an effect ends first."""
        for attempt, task in self._running.values():
            if not attempt.had_effect:
                task.cancel()

    def stop(self) -> None:
        """Stop everything: reads at once, effects when they have ended."""
        for _, task in self._running.values():
            task.cancel()

    async def _run(self, attempt: StepAttempt) -> None:
        end = await attempt.run()
        self._forget(attempt)
        self._ended.append((attempt, end))
        self._nudge()

    def _end_unbegun(self, attempt: StepAttempt) -> None:
        """A task that is stopped before its first step runs nothing, not even what notes how it ended."""
        if self._forget(attempt):
            self._ended.append((attempt, GaveWay()))
            self._nudge()

    def _forget(self, attempt: StepAttempt) -> bool:
        known = self._running.get(attempt.step.id)
        if known is None or known[0] is not attempt:
            return False
        del self._running[attempt.step.id]
        return True
