"""Kill the story in Telegram, at the points that are named in the issue or at every point of the chat's own.

``python -m tests.crash.telegram_sweep WORKDIR named|every`` prints one JSON line a story.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

from bot.telegram import surface
from tests.crash.forks import Forks
from tests.crash.sweeping import sweep, tell_all
from tests.crash.telegram_story import PLACES, known_home, problems, told
from tests.crash.telling import Case
from tests.scenarios.telegram_lab import MODES, Mode, QuickPace

COMMITTED: dict[Mode, str] = {"polling": "telegram.commit.after#1", "webhook": "telegram.webhook.after#1"}
POINTS = {
    "during planning": "state.SavePlan.before#1",
    "after the click's commit": "inbox.handle.before#3",
    "after the decision's commit": "state.DecideApproval.after#2",
}
AT_ONCE = 4
OF_THE_CHAT = ("chat.", "inbox.", "telegram.")


def named() -> list[Case]:
    """The named points, over both doors and in every place; the languages take turns."""
    cases: list[Case] = []
    turn = count()

    def add(what: str, mode: Mode, place: str, **how: object) -> None:
        locale = ("he", "en")[next(turn) % 2]
        name = f"{what}, {mode}, {place}, {locale}"
        cases.append(Case(name=name, mode=mode, place=place, locale=locale, **how))  # pyright: ignore[reportArgumentType] - fields of a case

    for mode in MODES:
        for place in PLACES:
            add("after the commit of the update", mode, place, point=COMMITTED[mode])
            for what, point in POINTS.items():
                add(what, mode, place, point=point)
            add("at the open gate", mode, place, gate_is_open=True)
            add("before the final edit", mode, place, last_edit="before")
            add("after the final edit", mode, place, last_edit="after")
    return cases


async def enumerated(forks: Forks, work: Path) -> list[Case]:
    """Every point of the chat that an undisturbed story passes, over either door."""
    cases: list[Case] = []
    seen: set[str] = set()
    for mode, locale in zip(MODES, ("en", "he"), strict=True):
        log = work / f"points-{mode}"
        case = Case(name=f"undisturbed {mode}", mode=mode, locale=locale, log=log)
        verdict = await told(case, forks, work / "template", work)
        assert not problems(verdict, killed=False), verdict
        points = [p for p in log.read_text("utf-8").split() if p.startswith(OF_THE_CHAT) and p not in seen]
        seen.update(points)
        cases += [Case(name=f"{mode}, {point}", mode=mode, locale=locale, point=point) for point in points]
    return cases


async def stories(work: Path, which: str, forks: Forks) -> None:
    """All of one kind."""
    cases = named() if which == "named" else await enumerated(forks, work)
    await tell_all(cases, told, problems, work, forks, AT_ONCE)


if __name__ == "__main__":
    surface.Pace = QuickPace
    sweep(known_home, stories)
