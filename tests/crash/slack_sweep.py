"""Kill the story in Slack, at the points that are named in the issue or at every point of the chat's own.

``python -m tests.crash.slack_sweep WORKDIR named|every`` prints one JSON line a story.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.crash.forks import Forks
from tests.crash.slack_story import problems, told
from tests.crash.sweeping import sweep, tell_all
from tests.crash.telling import Case
from tests.scenarios.lab import make_home
from tests.scenarios.slack_lab import MODES

POINTS = {
    "after the ack": "inbox.handle.before#1",
    "during planning": "state.SavePlan.before#1",
    "planned": "state.SavePlan.after#1",
    "after the click's commit": "inbox.handle.before#3",
    "after the decision's commit": "state.DecideApproval.after#2",
    "before the final post": "chat.post.final.before#1",
    "after the final post": "chat.post.final.after#1",
}
AT_ONCE = 4
OF_THE_CHAT = ("chat.", "inbox.")


def named() -> list[Case]:
    """Every named point, over both doors, in both languages."""
    cases: list[Case] = []
    for mode in MODES:
        for locale in ("he", "en"):
            name = partial("{0}, {1}, {2}".format, mode, locale)
            cases += [Case(name=name(n), mode=mode, locale=locale, point=point) for n, point in POINTS.items()]
            cases.append(Case(name=name("at the open gate"), mode=mode, locale=locale, gate_is_open=True))
            for n, fault in (("before the final edit", "reset_before"), ("after the final edit", "reset_after_commit")):
                cases.append(Case(name=name(n), mode=mode, locale=locale, last_edit=fault))
    return cases


async def enumerated(forks: Forks, work: Path) -> list[Case]:
    """Every point of the chat that an undisturbed story passes."""
    log = work / "points"
    verdict = await told(Case(name="undisturbed", mode="socket", log=log), forks, work / "template", work)
    assert not problems(verdict, killed=False), verdict
    points = [point for point in log.read_text("utf-8").split() if point.startswith(OF_THE_CHAT)]
    return [Case(name=point, mode="socket", point=point) for point in points]


async def stories(work: Path, which: str, forks: Forks) -> None:
    """All of one kind."""
    cases = named() if which == "named" else await enumerated(forks, work)
    await tell_all(cases, told, problems, work, forks, AT_ONCE)


if __name__ == "__main__":
    sweep(make_home, stories)
