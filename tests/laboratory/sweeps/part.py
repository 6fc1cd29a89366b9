"""Every scenario killed at every point, and some of their restarts killed, too."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path

from tests.laboratory import chats
from tests.laboratory.part import Options, Report
from tests.laboratory.swept import Swept, swept
from tests.laboratory.telling import Json

SCENARIOS = (
    "story",
    "story_model",
    "fan_out",
    "retries",
    "replan",
    "gates",
    "undo",
    "cancel",
    "pause",
    "follow_ups",
    "outcomes",
    "long_step",
)
"""Modules of this package with a ``SCENARIO``."""
CHATS = ("slack", "telegram")
"""Modules of this package that tell the story in a chat."""
LEAST_POINTS = 800
DOUBLES = 40
"""Schedules of each scenario that kill a restart, too."""
WRITTEN = ("events", "mails", "agendas")
"""What the story in a chat writes, once each."""


class Sweeps:
    """See the module."""

    name = "sweeps"

    def run(self, options: Options) -> Report:
        """See the part."""
        ends = time.monotonic() + options.seconds
        figures: dict[str, int | float | str] = {}
        total: Counter[str] = Counter()
        violations: list[str] = []
        for number, name in enumerate(SCENARIOS):
            share = max(20.0, (ends - time.monotonic()) / (len(SCENARIOS) + len(CHATS) - number) * 3)
            found = swept(
                name, options.work / name, jobs=options.jobs, doubles=DOUBLES, seed=options.seed, seconds=share
            )
            figures[name] = f"{found.points} points, {found.kills} kills"
            total += _counted(found)
            violations += [f"{name} {words}" for words in found.violations]
        for name in CHATS:
            counted, wrong = _chat(name, options)
            figures[name] = f"{counted['points']} points, {counted['kills']} kills"
            total += counted
            violations += wrong
        if total["points"] < LEAST_POINTS:
            violations.append(f"only {total['points']} points were found")
        if total["cut"]:
            violations.append(f"{total['cut']} schedules were left out: there was no time")
        told = {name: total[name] for name in ("points", "schedules", "kills", "lost", "repeated", "wrong")}
        return Report(name=self.name, figures={"scenarios": len(figures), **told, **figures}, violations=violations)


def _counted(found: Swept) -> Counter[str]:
    verdicts = found.verdicts
    return Counter(
        points=found.points,
        schedules=len(verdicts),
        cut=found.schedules - len(verdicts),
        kills=found.kills,
        lost=sum(bool(verdict.lost) for verdict in verdicts),
        repeated=sum(bool(verdict.repeated) for verdict in verdicts),
        wrong=sum(bool(verdict.wrong) for verdict in verdicts),
    )


def _chat(name: str, options: Options) -> tuple[Counter[str], list[str]]:
    total: Counter[str] = Counter()
    violations: list[str] = []
    problems = chats.problems_of(name)
    for which in ("named", "every"):
        more = ("--doubles", str(DOUBLES), "--seed", str(options.seed))
        verdicts = chats.swept(name, _folder(options.work, name, which), which, *more, seconds=options.seconds)
        deaths = {case: verdict["codes"].count(-signal.SIGKILL) for case, verdict in verdicts.items()}
        found = chats.wrong(verdicts, [case for case, count in deaths.items() if count], problems)
        total += Counter(
            points=sum(not verdict["twice"] for verdict in verdicts.values()),
            schedules=len(verdicts),
            kills=sum(deaths.values()),
            lost=sum(_is_lost(verdict) for verdict in verdicts.values()),
            repeated=sum(_is_repeated(verdict) for verdict in verdicts.values()),
            wrong=len(found),
        )
        violations += [f"{name} {case}: {'; '.join(words)}" for case, words in found.items()]
    return total, violations


def _is_lost(verdict: Json) -> bool:
    return bool(verdict["failure"]) or not all(verdict[what] for what in WRITTEN)


def _is_repeated(verdict: Json) -> bool:
    return any(verdict[what] > 1 for what in WRITTEN) or bool(verdict.get("repeated"))


def _folder(work: Path, *names: str) -> Path:
    return work.joinpath("-".join(names))


PART = Sweeps()
