"""What the terminal shows of versions of a plan, from the JSON of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Group
from rich.text import Text

from bot.render.plan_changes import MARKS, input_word
from bot.render.texts import Phrase, Texts, isolate

Shown = dict[str, Any]
"""A JSON object, as ``bot.web.plan_shapes`` describes it."""

_STYLES = {"added": "green", "dropped": "red", "changed": "yellow", "again": "cyan"}


def versions(found: Shown, texts: Texts) -> Group:
    """Every version, the first one first."""
    lines: list[Text] = []
    for version in found["items"]:
        words = texts.say(f"plan_version.{version['origin']}", n=version["version"])
        current = f" ({texts.say('plan_version.current')})" if version["current"] else ""
        lines.append(Text(f"{words}{current}", style="bold"))
        made = texts.moment(datetime.fromisoformat(version["made_at"])) if version["made_at"] else ""
        by = isolate(version["made_by"]) if version["made_by"] else ""
        lines.append(Text("  " + " · ".join(part for part in (made, by) if part), style="dim"))
        if version["difference"] is None:
            lines += [Text(f"  {step['id']}  {isolate(step['title'])}") for step in version["steps"]]
        else:
            lines += _changes(version["difference"], texts)
    return Group(*(lines or [Text(texts.error("plan_missing"))]))


def difference(found: Shown, texts: Texts) -> Group:
    """What one version made different."""
    return Group(*_changes(found, texts))


def edited(found: Shown, texts: Texts) -> Group:
    """A change that was taken: what it comes to, and what happens next."""
    if found["next"] is None:
        return Group(Text(texts.say("plan_version.taken")))
    word = "next_asks" if found["asks"] else "next"
    return Group(*_changes(found["difference"], texts), Text(texts.say(f"plan_version.{word}", n=found["next"])))


def _changes(found: Shown, texts: Texts) -> list[Text]:
    told = [("changed", one["after"], _what(one["what"], texts)) for one in found["changed"]]
    told += [(kind, step, "") for kind in ("added", "again", "dropped") for step in found[kind]]
    lines = [
        Text.assemble(
            (f"  {MARKS[kind]} ", _STYLES[kind]), (f"{step['id']}  ", "dim"), isolate(step["title"]), (what, "dim")
        )
        for kind, step, what in told
    ]
    kept = len(found["kept"])
    if kept:
        lines.append(Text(f"  {texts.say('plan_version.kept', n=kept)}", style="dim"))
    return lines if told else [Text(f"  {texts.say('plan_version.none')}"), *lines]


def _what(names: list[str], texts: Texts) -> Phrase:
    return Phrase(f"  ({', '.join(input_word(name, texts) for name in names)})")
