"""What the laboratory found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.laboratory.part import Figure, Report

MOST_TOLD = 20
"""Violations of a part that the text repeats; the JSON has all of them."""


def as_text(reports: Sequence[Report], machine: str) -> str:
    """A paragraph a part."""
    return "\n\n".join([machine, *(_paragraph(report) for report in reports), _sentence(reports)]) + "\n"


def write(reports: Sequence[Report], machine: str, folder: Path) -> None:
    """Write ``report.txt`` and ``report.json`` into the folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.txt").write_text(as_text(reports, machine), "utf-8")
    found = {"machine": machine, "parts": [asdict(report) for report in reports]}
    (folder / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), "utf-8")


def _paragraph(report: Report) -> str:
    verdict = "nothing wrong" if not report.violations else f"{len(report.violations)} VIOLATIONS"
    lines = [f"{report.name}: {verdict}, {report.seconds:.0f} s"]
    lines += [f"  {name:<28} {_shown(figure):>12}" for name, figure in report.figures.items()]
    lines += [f"  ! {words}" for words in report.violations[:MOST_TOLD]]
    if len(report.violations) > MOST_TOLD:
        lines.append(f"  ! and {len(report.violations) - MOST_TOLD} more")
    return "\n".join(lines)


def _shown(figure: Figure) -> str:
    match figure:
        case float():
            return f"{figure:,.1f}"
        case int():
            return f"{figure:,}"
        case _:
            return figure


def _sentence(reports: Sequence[Report]) -> str:
    wrong = sum(len(report.violations) for report in reports)
    seconds = sum(report.seconds for report in reports)
    return f"{len(reports)} parts, {wrong} violations, {seconds:.0f} s"
