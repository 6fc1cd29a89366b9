"""A whole picture: a thread of messages as a channel shows it, or a modal above it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.servers.slackd.preview.blocks import blocks
from tests.servers.slackd.preview.elements import text_object
from tests.servers.slackd.preview.mrkdwn import EMOJI, VIEWER, escaped, mrkdwn
from tests.servers.slackd.preview.reading import Json, items, part, said

_STYLE = Path(__file__).with_name("style.css")


def render_html(messages: list[Json], *, title: str, dark: bool = False) -> str:
    """Messages as ``conversations.replies`` gives them, in the order given; replies stand indented below their root.

    Beside the platform's own fields a message may have ``name`` (who wrote it) and ``ephemeral_to``.
    """
    drawn: list[str] = []
    replying = False
    for message in messages:
        reply = _is_reply(message)
        if reply and not replying:
            drawn.append('<div class="thread-line"><span>thread</span></div>')
        replying = reply
        drawn.append(_message(message, reply=reply))
    return _page(title, f"<main><h1># <bdi>{escaped(title)}</bdi></h1>{''.join(drawn)}</main>", dark=dark)


def render_view_html(view: Json, *, dark: bool = False) -> str:
    """A modal as it opens, or a home tab."""
    title = text_object(view.get("title"))
    inside = f'<div class="view-body">{blocks(items(view, "blocks"))}</div>'
    if view.get("type") == "home":
        return _page("Home", f'<main class="home">{inside}</main>', dark=dark)
    close = f'<button class="button plain large" dir="auto">{text_object(view.get("close")) or "Cancel"}</button>'
    submit = view.get("submit")
    send = f'<button class="button primary large" dir="auto">{text_object(submit)}</button>' if submit else ""
    head = f'<div class="view-head"><span class="avatar app small"></span><span dir="auto">{title}</span><span class="x">✕</span></div>'
    foot = f'<div class="view-foot">{close}{send}</div>'
    return _page(
        said(part(view, "title"), "text"),
        f'<div class="scrim"><div class="view">{head}{inside}{foot}</div></div>',
        dark=dark,
    )


def _page(title: str, body: str, *, dark: bool) -> str:
    scheme = "dark" if dark else "light"
    style = _STYLE.read_text("utf-8")
    return (
        f'<!doctype html><html lang="en" data-scheme="{scheme}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escaped(title)}</title><style>{style}</style></head>'
        f"<body>{body}</body></html>\n"
    )


def _is_reply(message: Json) -> bool:
    thread = message.get("thread_ts")
    return bool(thread) and thread != message.get("ts")


def _message(message: Json, *, reply: bool) -> str:
    app = bool(message.get("bot_id") or message.get("app_id"))
    badge = '<span class="badge">APP</span>' if app else ""
    private = '<div class="only-you">👁 Only visible to you</div>' if message.get("ephemeral_to") else ""
    head = f'<div class="head"><b dir="auto">{escaped(_name(message))}</b>{badge}<span class="time">{_time(message)}</span></div>'
    kinds = " ".join(["message", *(["reply"] if reply else []), *(["ephemeral"] if private else [])])
    tail = f"{_files(message)}{_reactions(message)}{_replies(message)}"
    avatar = f'<span class="avatar {"app" if app else "person"}">{"" if app else escaped(_name(message)[:1])}</span>'
    return (
        f'<article class="{kinds}">{private}{avatar}<div class="body">{head}{_content(message)}{tail}</div></article>'
    )


def _content(message: Json) -> str:
    edited = ' <span class="edited">(edited)</span>' if message.get("edited") else ""
    found = items(message, "blocks")
    if found:
        return blocks(found) + edited
    return f'<div class="text" dir="auto">{mrkdwn(said(message, "text"))}{edited}</div>'


def _name(message: Json) -> str:
    profile = part(message, "bot_profile") or part(message, "user_profile")
    names = (
        message.get("name"),
        message.get("username"),
        profile.get("name"),
        profile.get("real_name"),
        message.get("user"),
    )
    return next((str(name) for name in names if name), "Tizmor" if message.get("bot_id") else "someone")


def _time(message: Json) -> str:
    try:
        moment = datetime.fromtimestamp(float(message.get("ts", 0)), VIEWER)
    except (TypeError, ValueError):
        return ""
    return moment.strftime("%-I:%M %p")


def _files(message: Json) -> str:
    return "".join(
        f'<div class="file"><span class="file-icon">📄</span><span><b dir="auto">{escaped(said(one, "name", said(one, "title")))}</b>'
        f"<small>{escaped(said(one, 'pretty_type', said(one, 'filetype', 'Plain Text')))}</small></span></div>"
        for one in items(message, "files")
    )


def _reactions(message: Json) -> str:
    drawn: list[str] = []
    for one in items(message, "reactions"):
        name = said(one, "name")
        face = EMOJI.get(name, f":{escaped(name)}:")
        drawn.append(f'<span class="reaction">{face} {int(one.get("count", 1))}</span>')
    return f'<div class="reactions">{"".join(drawn)}</div>' if drawn else ""


def _replies(message: Json) -> str:
    count = message.get("reply_count")
    return f'<div class="replies">{int(count)} {"reply" if count == 1 else "replies"}</div>' if count else ""
