"""Every card, reply and form of the story as JSON for the previewer.

``python -m tests.unit.slack.markup.gallery OUTDIR`` writes one file per thread and per form, in both languages, rich and
plain; ``python -m tests.servers.slackd.preview FILE.json OUT.html`` draws one. Not a test.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.presses import Press
from bot.render.texts import Texts
from bot.render.view import ExecutionView
from bot.slack.markup.card import card_body
from bot.slack.markup.forms import (
    answer_view,
    change_view,
    details_view,
    do_this_view,
    drop_view,
    edit_view,
    reason_view,
)
from bot.slack.markup.reply import reply_bodies
from engine.agents.meeting_arguments import ScheduleMeetingArguments
from engine.agents.meeting_change_arguments import ChangeMeetingArguments
from tests.unit.parts.states import all_states, block_of, view_of
from tests.unit.render.story import WORDS

LOCALES = ("en", "he")
Payload = dict[str, Any]


def bodies(view: ExecutionView, *, rich: bool) -> Iterator[Payload]:
    """The messages of a view in the order of a thread."""
    yield dict(card_body(view.card, rich=rich))
    for reply in view.replies:
        for _, body in reply_bodies(view, reply, rich=rich):
            yield dict(body)


def thread(locale: str, state: str, *, rich: bool) -> list[Payload]:
    """A thread of the story as Slack stores it."""
    shot = all_states(locale)[state]
    root: Payload = {"type": "message", "user": "U1", "ts": "1767513600.000100", "text": WORDS[locale]["request"]}
    found = [root]
    for number, body in enumerate(bodies(view_of(shot), rich=rich), 2):
        message: Payload = {"type": "message", "bot_id": "B1", "user": "UBOT", "thread_ts": root["ts"]}
        found.append({**message, "ts": f"1767513600.0{number:02}00", **{k: v for k, v in body.items() if k != "file"}})
    return found


def forms(locale: str) -> dict[str, Payload]:
    """Every form, by name."""
    texts = Texts(locale, "Asia/Jerusalem")
    gate, moving, plan = block_of(locale, "gate"), block_of(locale, "moving"), block_of(locale, "unsure")
    schedule, change = ScheduleMeetingArguments.model_json_schema(), ChangeMeetingArguments.model_json_schema()
    press = Press(action="edit", execution="x", approval=gate.id)
    made = {
        "edit": edit_view(gate, schedule, press, texts),
        "edit-move": edit_view(moving, change, press, texts),
        "reason": reason_view(gate, press, texts),
        "answer": answer_view(block_of(locale, "question"), press, texts),
        "change": change_view(plan, press, texts),
        "drop": drop_view(plan, press, texts),
        "details": details_view(gate, press, texts),
        "details-long": details_view(block_of(locale, "long-gate"), press, texts),
        "do-this": do_this_view(WORDS[locale]["point1"] + "\n\n" + WORDS[locale]["point2"], press, texts),
    }
    return {name: dict(view) for name, view in made.items()}


def main(out: Path) -> None:
    """Write them all."""
    out.mkdir(parents=True, exist_ok=True)
    for locale in LOCALES:
        for state in all_states(locale):
            for rich in (True, False):
                found = {"title": f"{state} ({locale})", "messages": thread(locale, state, rich=rich)}
                _write(out / f"{state}-{locale}-{'rich' if rich else 'plain'}.json", found)
        for name, view in forms(locale).items():
            _write(out / f"form-{name}-{locale}.json", {"view": view})


def _write(path: Path, value: Payload) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
