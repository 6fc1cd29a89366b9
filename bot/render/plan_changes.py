"""Which version of a plan is shown, why there is one, and what it made different from the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.render.texts import Phrase, Texts, isolate, reveal, shorten
from engine.domain.plan import Step
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.difference import AGENT, ORDER, Difference, difference
from engine.ports.store import PlanVersion

MARKS = {"added": "+", "dropped": "−", "changed": "✎", "again": "↻"}
"""By the kind of a change; each is a sign on a keyboard or in every font."""

MOST_CHANGES = 6
"""Changes of a version that are told; more of them are counted."""
_IN_A_LIST = 3

_TITLE, _NAMED = 80, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One thing that is different."""

    kind: str
    """``added dropped changed again``; ``more`` counts those that are not told."""
    text: Phrase
    """The step's title, and what about it has changed."""
    said: Phrase
    """The same as a sentence."""

    @property
    def marked(self) -> Phrase:
        """The title behind a sign that says what happened to it."""
        mark = MARKS.get(self.kind, "")
        return Phrase(f"{mark} {self.text}" if mark else self.text)


def version_words(snapshot: ExecutionSnapshot, texts: Texts) -> Phrase:
    """Which version it is and why; empty for a first one."""
    plan = snapshot.plan
    if plan is None or plan.version < 2:
        return Phrase("")
    return texts.say(f"plan_version.{plan.origin.value}", n=plan.version)


def plan_changes(snapshot: ExecutionSnapshot, texts: Texts) -> tuple[ChangeLine, ...]:
    """What the current version made different; nothing for a first one."""
    if snapshot.plan is None or snapshot.before is None:
        return ()
    return change_lines(difference(snapshot.before, snapshot.plan), texts)


def repeats_words(snapshot: ExecutionSnapshot, texts: Texts) -> Phrase:
    """That steps of the plan may do again what was done already; empty where none may."""
    plan = snapshot.plan
    steps = [step.title for step in plan.steps if step.id in plan.repeats] if plan else []
    return texts.say("plan_version.repeats", steps=_titles(steps)) if steps else Phrase("")


def change_lines(found: Difference, texts: Texts, most: int = MOST_CHANGES) -> tuple[ChangeLine, ...]:
    """A difference as lines: what was changed and added, what is done again, what was dropped."""
    lines = list(_lines(found, texts))
    rest = len(lines) - most
    if rest <= 0:
        return tuple(lines)
    more = texts.say("plan_version.more", n=rest)
    return (*lines[:most], ChangeLine(kind="more", text=more, said=more))


def one_line(version: Phrase, lines: Iterable[ChangeLine]) -> Phrase:
    """The version with everything that is different, in one line."""
    return Phrase(" · ".join(part for part in (version, *(line.marked for line in lines)) if part))


def version_lines(versions: Sequence[PlanVersion], texts: Texts) -> list[str]:
    """Every version of a plan in a line, the newest first, and how to go back to an older one."""
    plans = [version.plan for version in versions]
    lines: list[str] = []
    for place, plan in enumerate(plans):
        words = texts.say(f"plan_version.{plan.origin.value}", n=plan.version)
        made = change_lines(difference(plans[place - 1], plan), texts, _IN_A_LIST) if place else ()
        lines.insert(0, one_line(words, made))
    return [*lines, texts.say("conversation.go_back", words=texts.say("action.back", n=1))] if lines[1:] else lines


def input_word(name: str, texts: Texts) -> Phrase:
    """What an input, or another thing about a step, is called."""
    if name in {AGENT, ORDER}:
        return texts.say(f"plan_version.{name}")
    return texts.say(f"field.{name}") if texts.knows(f"field.{name}") else Phrase(isolate(reveal(name)))


def _lines(found: Difference, texts: Texts) -> Iterator[ChangeLine]:
    for one in found.changed:
        words = [input_word(name, texts) for name in one.what[:_NAMED]]
        what = Phrase(", ".join(words))
        text = texts.say("plan_version.changed_what", title=_title(one.after), what=what)
        yield ChangeLine(kind="changed", text=text, said=texts.say("plan_version.changed", step=text))
    for kind, steps in (("added", found.added), ("again", found.again), ("dropped", found.dropped)):
        for step in steps:
            text = Phrase(isolate(_title(step)))
            yield ChangeLine(kind=kind, text=text, said=texts.say(f"plan_version.{kind}", step=text))


def _titles(titles: list[str]) -> Phrase:
    return Phrase(", ".join(isolate(shorten(reveal(title), _TITLE)) for title in titles[:_NAMED]))


def _title(step: Step) -> str:
    return shorten(reveal(" ".join(step.title.split())), _TITLE)
