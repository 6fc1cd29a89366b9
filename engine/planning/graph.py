"""What the steps of a draft wait for: the order they can run in, the circles and chains that forbid one. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.planning.draft import DraftStep
from engine.planning.finding import Finding, finding, quote

MAX_DEPTH = 20
"""Longest chain of steps waiting for each other."""


def ordered(steps: Sequence[DraftStep]) -> tuple[str, ...]:
    """Ids in an order in which every step follows what it waits for, otherwise as drafted; steps on or behind a circle are
    missing. Steps that wait for earlier ones only keep the draft's order."""
    return _order(_edges(steps))


def references(step: DraftStep) -> Iterable[str]:
    """Every id a step names, bindings first, repeats included."""
    return (*(binding.step for binding in step.bindings.values()), *step.after)


def graph_findings(steps: Sequence[DraftStep]) -> Iterator[Finding]:
    """``cycle`` or ``too_deep``. References to nothing and to the step itself are not this module's."""
    edges = _edges(steps)
    order = _order(edges)
    if len(order) < len(edges):
        waiting = {step_id: needs - set(order) for step_id, needs in edges.items() if step_id not in set(order)}
        circle = _without_followers(waiting)
        names = ", ".join(quote(step_id) for step_id in circle)
        yield finding("cycle", circle[0], f"these wait for each other: {names}")
        return
    depth: dict[str, int] = {}
    for step_id in order:
        depth[step_id] = 1 + max((depth[need] for need in edges[step_id]), default=0)
    deepest = max(order, key=lambda step_id: depth[step_id])
    if depth[deepest] > MAX_DEPTH:
        detail = f"{depth[deepest]} steps wait for each other in a chain; at most {MAX_DEPTH} may"
        yield finding("too_deep", deepest, detail)


def _edges(steps: Sequence[DraftStep]) -> dict[str, set[str]]:
    """What each step waits for, in draft order."""
    edges: dict[str, set[str]] = {step.id: set() for step in steps}
    for step in steps:
        edges[step.id].update(ref for ref in references(step) if ref in edges and ref != step.id)
    return edges


def _order(edges: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Topological order, earliest in the draft first; steps on or behind a cycle are missing."""
    position = {step_id: number for number, step_id in enumerate(edges)}
    names = tuple(edges)
    followers: dict[str, list[str]] = {step_id: [] for step_id in edges}
    for step_id, needs in edges.items():
        for need in needs:
            followers[need].append(step_id)
    missing = {step_id: len(needs) for step_id, needs in edges.items()}
    ready = [position[step_id] for step_id, count in missing.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        order.append(names[heapq.heappop(ready)])
        for follower in followers[order[-1]]:
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(ready, position[follower])
    return tuple(order)


def _without_followers(waiting: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Of steps that can never start, those others of them wait for: peel off whoever nobody waits for."""
    reverse: dict[str, set[str]] = {step_id: set() for step_id in waiting}
    for step_id, needs in waiting.items():
        for need in needs:
            reverse[need].add(step_id)
    peeled = set(_order(reverse))
    return tuple(step_id for step_id in waiting if step_id not in peeled)
