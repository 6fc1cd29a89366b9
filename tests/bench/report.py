"""Tables in plain text: medians over the rounds, the spread beside them, ratios within a round, and verdicts."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from tests.bench.contest import FLOOR, Figure, Round, Target
from tests.bench.harness import Results


def table(result: Results) -> str:
    """One workload: a line an engine, then a line a target."""
    workload = result.workload
    title = f"{workload.name}  {workload.title.format(size=workload.size)}"
    lines = [title, "-" * len(title), *_aligned([_headings(workload.figures), *_rows(result)])]
    return "\n".join([*lines, *(f"  {line}" for line in _verdicts(result))])


def _headings(figures: Sequence[Figure]) -> list[str]:
    cells = ["engine"]
    for figure in figures:
        cells += [figure.heading, "x floor"] if figure.against_floor else [figure.heading]
    return cells


def _rows(result: Results) -> Iterator[list[str]]:
    for engine in result.workload.engines:
        if engine in result.failures:
            yield [engine, result.failures[engine]]
        elif result.of(engine):
            yield [engine, *_cells(result, engine)]


def _cells(result: Results, engine: str) -> Iterator[str]:
    for figure in result.workload.figures:
        yield spread([figure.value(reading) for reading in result.of(engine) if _has(figure, reading)], figure.digits)
        if figure.against_floor:
            both = [found for found in result.rounds if engine in found and FLOOR in found]
            yield spread([figure.value(found[engine]) / figure.value(found[FLOOR]) for found in both], 2)


def _has(figure: Figure, reading: Any) -> bool:
    try:
        figure.value(reading)
    except KeyError:
        return False
    return True


def _verdicts(result: Results) -> Iterator[str]:
    for target in result.workload.targets:
        values = judged(target, result.rounds)
        if not values:
            yield f"?      {target.words}: not measured"
            continue
        verdict = "met   " if target.met(statistics.median(values)) else "MISSED"
        yield f"{verdict} {target.words}: {spread(values, target.digits)}"


def judged(target: Target, rounds: Sequence[Round]) -> list[float]:
    """The target's figure in every round that has it."""
    values: list[float] = []
    for found in rounds:
        try:
            values.append(target.value(found))
        except KeyError:
            continue
    return values


def spread(values: Sequence[float], digits: int) -> str:
    """``median (least..most)``, or only the value where there is but one."""
    if not values:
        return "-"
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def _aligned(rows: Sequence[list[str]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows if n < len(row) > 2) for n in range(len(rows[0]))]
    widths[0] = max(len(row[0]) for row in rows)
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]


def as_json(results: Sequence[Results]) -> dict[str, Any]:
    """Every reading of every round, and the verdicts."""
    return {result.workload.name: _one(result) for result in results}


def _one(result: Results) -> dict[str, Any]:
    verdicts = {target.words: _judgement(target, judged(target, result.rounds)) for target in result.workload.targets}
    engines = {engine: result.of(engine) for engine in result.workload.engines}
    return {"size": result.workload.size, "engines": engines, "failures": result.failures, "targets": verdicts}


def _judgement(target: Target, values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"met": None, "values": []}
    return {"met": target.met(statistics.median(values)), "values": list(values)}
