"""A whole chat: bubbles left and right, keyboards under them, what they reply to, files, lines of Telegram's own."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from tests.servers.telegramd.preview.spans import direction, render_text

Json = dict[str, Any]
VIEWER_ZONE = ZoneInfo("Asia/Jerusalem")
"""The zone of whoever looks."""
_STYLE = Path(__file__).with_name("style.css")
_COLOURS = ("#cc5049", "#d67722", "#955cdb", "#40a920", "#309eba", "#368ad1", "#c7508b")
_SERVICE = {
    "forum_topic_created": "created the topic “{name}”",
    "forum_topic_closed": "closed the topic",
    "forum_topic_reopened": "reopened the topic",
    "new_chat_members": "added {first_name}",
    "left_chat_member": "removed {first_name}",
    "migrate_to_chat_id": "upgraded this group to a supergroup",
    "migrate_from_chat_id": "upgraded this group to a supergroup",
}


def render_chat(messages: Sequence[Json], theme: str = "light", *, viewer: int = 0, title: str = "Tizmor") -> str:
    """Messages in the order given, as a page; ``theme`` is ``light`` or ``dark``.

    A message is one as ``Telegramd.messages`` gives it, or only ``text`` with ``entities`` and ``keyboard`` (rows of ``text``
    with ``data``), or ``file`` with ``name`` and ``text``. What ``viewer`` wrote stands on the right; for 0 it is whatever was
    said by somebody who is no bot, in a private chat.
    """
    drawn: list[str] = []
    day = ""
    for message in messages:
        today = _moment(message, "%B %-d")
        if today and today != day:
            drawn.append(f'<div class="service">{today}</div>')
            day = today
        drawn.append(_message(message, viewer))
    style = _STYLE.read_text("utf-8")
    head = f'<header class="chat"><span class="avatar">♪</span><b dir="auto">{html.escape(title)}</b></header>'
    return (
        f'<!doctype html><html lang="en" data-theme="{html.escape(theme)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title><style>{style}</style>'
        f"</head><body>{head}<main>{''.join(drawn)}</main></body></html>\n"
    )


def _message(message: Json, viewer: int) -> str:
    service = _service(message)
    if service:
        return f'<div class="service" dir="auto">{service}</div>'
    author = cast("Json", message.get("from") or {})
    own = _is_own(message, author, viewer)
    grouped = cast("Json", message.get("chat") or {}).get("type") not in (None, "private")
    text, entities = _text(message)
    parts = [
        _name(message, author) if grouped and not own else "",
        _forwarded(message),
        _reply(message),
        _file(message),
    ]
    body = render_text(text, entities, cast("list[Json] | None", message.get("_live")))
    words = f'<div class="text" dir="{direction(text)}">{body}</div>' if text else ""
    bubble = f'<div class="bubble">{"".join(parts)}{words}{_meta(message)}</div>'
    side = "out" if own else "in"
    return (
        f'<article class="{side}"><div class="column">{bubble}{_keyboard(message)}{_reactions(message)}</div></article>'
    )


def _is_own(message: Json, author: Json, viewer: int) -> bool:
    if viewer:
        return author.get("id") == viewer
    return bool(author) and not author.get("is_bot")


def _text(message: Json) -> tuple[str, list[Json]]:
    file = cast("Json", message.get("file") or {})
    for name, marks in (("text", "entities"), ("caption", "caption_entities")):
        if name in message:
            return str(message[name]), cast("list[Json]", message.get(marks) or [])
    return str(file.get("text", "")), []


def _name(message: Json, author: Json) -> str:
    behind = cast("Json", message.get("sender_chat") or {})
    name = str(behind.get("title") or f"{author.get('first_name', '')} {author.get('last_name', '')}".strip())
    colour = _COLOURS[int(behind.get("id") or author.get("id") or 0) % len(_COLOURS)]
    return f'<div class="name" dir="auto" style="color:{colour}">{html.escape(name)}</div>' if name else ""


def _forwarded(message: Json) -> str:
    origin = cast("Json", message.get("forward_origin") or {})
    if not origin:
        return ""
    person = cast("Json", origin.get("sender_user") or {})
    chat = cast("Json", origin.get("chat") or origin.get("sender_chat") or {})
    name = origin.get("sender_user_name") or person.get("first_name") or chat.get("title") or ""
    return f'<div class="forwarded" dir="auto">Forwarded from <b>{html.escape(str(name))}</b></div>'


def _reply(message: Json) -> str:
    replied = cast("Json", message.get("reply_to_message") or {})
    if not replied or "forum_topic_created" in replied:
        return ""
    author = cast("Json", replied.get("from") or {})
    said, _ = _text(replied)
    quote = cast("Json", message.get("quote") or {})
    words = str(quote.get("text") or said or _file_name(replied) or "…")
    colour = _COLOURS[int(author.get("id") or 0) % len(_COLOURS)]
    name = html.escape(str(author.get("first_name", "")))
    shown = html.escape(words.partition("\n")[0])
    return (
        f'<div class="reply" dir="{direction(words)}" style="--accent:{colour}"><b dir="auto">{name}</b>'
        f'<span dir="auto">{shown}</span></div>'
    )


def _file(message: Json) -> str:
    name = _file_name(message)
    if not name:
        return ""
    size = int(cast("Json", message.get("document") or {}).get("file_size") or 0)
    told = f"{size / 1024:.1f} KB" if size else "file"
    return f'<div class="file"><span class="icon">↓</span><span><b dir="auto">{html.escape(name)}</b><small>{told}</small></span></div>'


def _file_name(message: Json) -> str:
    found = cast("Json", message.get("document") or message.get("file") or {})
    return str(found.get("file_name") or found.get("name") or "")


def _meta(message: Json) -> str:
    edited = "edited " if message.get("edit_date") else ""
    return f'<span class="meta">{edited}{_moment(message, "%H:%M")}</span>'


def _moment(message: Json, form: str) -> str:
    date = message.get("date")
    return datetime.fromtimestamp(int(date), VIEWER_ZONE).strftime(form) if date else ""


def _keyboard(message: Json) -> str:
    markup = cast("Json", message.get("reply_markup") or {})
    rows = cast("list[list[Json]]", markup.get("inline_keyboard") or message.get("keyboard") or [])
    drawn: list[str] = []
    for row in rows:
        drawn.append('<div class="row">')
        for button in row:
            style = html.escape(str(button.get("style") or "plain"))
            mark = '<i class="corner">↗</i>' if "url" in button else ""
            drawn.append(
                f'<button class="{style}"><span dir="auto">{html.escape(str(button["text"]))}</span>{mark}</button>'
            )
        drawn.append("</div>")
    return f'<div class="keyboard">{"".join(drawn)}</div>' if drawn else ""


def _reactions(message: Json) -> str:
    faces = [str(one.get("emoji", "")) for one in cast("list[Json]", message.get("_reactions") or [])]
    faces += cast("dict[int, str]", message.get("_faces") or {}).values()
    return (
        f'<div class="reactions">{"".join(f"<span>{html.escape(face)}</span>" for face in faces)}</div>'
        if faces
        else ""
    )


def _service(message: Json) -> str:
    for name, words in _SERVICE.items():
        if name not in message:
            continue
        found: Any = message[name]
        one = cast("Json", found[0] if isinstance(found, list) and found else found if isinstance(found, dict) else {})
        who = cast("Json", message.get("from") or {}).get("first_name", "")
        return html.escape(
            f"{who} {words.format_map({'name': one.get('name', ''), 'first_name': one.get('first_name', '')})}"
        )
    return ""
