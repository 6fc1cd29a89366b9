"""What stands inside blocks: buttons, menus, pickers, inputs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from tests.servers.slackd.preview.mrkdwn import VIEWER, escaped, mrkdwn, plain
from tests.servers.slackd.preview.reading import Json, items, part, said
from tests.servers.slackd.preview.rich import rich_text


def text_object(found: Any) -> str:
    """A text object of either kind."""
    if not isinstance(found, dict):
        return escaped(str(found or ""))
    text = cast("Json", found)
    words = said(text, "text")
    if text.get("type") == "mrkdwn":
        return mrkdwn(words, verbatim=bool(text.get("verbatim")))
    return plain(words, emoji=text.get("emoji", True))


def element(found: Json) -> str:
    """Any element, as it stands in a message or a modal."""
    kind = str(found.get("type"))
    draw = _DRAWN.get(kind)
    if draw is None and kind.endswith("_select"):
        draw = _select
    return draw(found) if draw else f'<span class="unknown">{escaped(kind)}</span>'


def button(found: Json) -> str:
    """A button; one that asks first carries a small mark that the client does not draw."""
    asks = ' title="asks before it acts"' if found.get("confirm") else ""
    style = found.get("style", "plain")
    arrow = ' <span class="out">↗</span>' if found.get("url") else ""
    return f'<button class="button {style}" dir="auto"{asks}>{text_object(found.get("text"))}{arrow}</button>'


def _select(found: Json) -> str:
    chosen = part(found, "initial_option")
    many = items(found, "initial_options")
    if many:
        shown = "".join(f'<span class="chip" dir="auto">{text_object(one.get("text"))}</span>' for one in many)
    elif chosen:
        shown = f'<span dir="auto">{text_object(chosen.get("text"))}</span>'
    else:
        named = next((str(found[name]) for name in found if name.startswith("initial_")), "")
        hint = text_object(found.get("placeholder")) or "Select an item"
        shown = escaped(named) if named else f'<span class="placeholder" dir="auto">{hint}</span>'
    return f'<span class="select">{shown}<span class="chevron">⌄</span></span>'


def _choices(found: Json) -> str:
    mark = "radio" if found.get("type") == "radio_buttons" else "check"
    initial = [part(found, "initial_option"), *items(found, "initial_options")]
    chosen = {said(one, "value") for one in initial if one}
    rows: list[str] = []
    for option in items(found, "options"):
        on = " on" if said(option, "value") in chosen else ""
        note = option.get("description")
        below = f'<span class="note" dir="auto">{text_object(note)}</span>' if note else ""
        rows.append(
            f'<label class="choice"><span class="{mark}{on}"></span>'
            f'<span dir="auto">{text_object(option.get("text"))}{below}</span></label>'
        )
    return f'<div class="choices">{"".join(rows)}</div>'


def _input(found: Json) -> str:
    value = found.get("initial_value")
    hint = text_object(found.get("placeholder"))
    shown = plain(str(value), emoji=False) if value else f'<span class="placeholder">{hint}</span>'
    tall = " tall" if found.get("multiline") else ""
    limit = f'<span class="limit">{found["max_length"]}</span>' if found.get("max_length") else ""
    return f'<div class="field{tall}" dir="auto">{shown}{limit}</div>'


def _rich_input(found: Json) -> str:
    value = part(found, "initial_value")
    return f'<div class="field tall" dir="auto">{rich_text(value)}</div>'


def _date(found: Json) -> str:
    return _picker("🗓", str(found.get("initial_date") or "Select a date"))


def _time(found: Json) -> str:
    return _picker("🕙", str(found.get("initial_time") or "Select a time"))


def _moment(found: Json) -> str:
    given = found.get("initial_date_time")
    if not given:
        return f'<span class="pair">{_date({})}{_time({})}</span>'
    moment = datetime.fromtimestamp(int(given), VIEWER)
    return (
        f'<span class="pair" title="{VIEWER}">{_picker("🗓", moment.strftime("%B %-d, %Y"))}'
        f"{_picker('🕙', moment.strftime('%-I:%M %p'))}</span>"
    )


def _picker(icon: str, shown: str) -> str:
    return f'<span class="select picker"><span class="icon">{icon}</span>{escaped(shown)}<span class="chevron">⌄</span></span>'


def _feedback(found: Json) -> str:
    faces = (("positive_button", "👍"), ("negative_button", "👎"))
    drawn = [
        f'<button class="icon" title="{text_object(part(found, name).get("text"))}">{face}</button>'
        for name, face in faces
    ]
    return "".join(drawn)


def _icon(found: Json) -> str:
    return f'<button class="icon" title="{text_object(found.get("text"))}">🗑</button>'


def image(found: Json) -> str:
    """An image: a placeholder that says what it would show, so that a picture needs no network."""
    return (
        f'<span class="picture" title="{escaped(said(found, "image_url"))}">{escaped(said(found, "alt_text"))}</span>'
    )


_DRAWN: dict[str, Callable[[Json], str]] = {
    "button": button,
    "workflow_button": button,
    "overflow": lambda _: '<button class="button overflow">⋯</button>',
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "datepicker": _date,
    "timepicker": _time,
    "datetimepicker": _moment,
    "plain_text_input": _input,
    "email_text_input": _input,
    "url_text_input": _input,
    "number_input": _input,
    "rich_text_input": _rich_input,
    "file_input": lambda _: '<div class="field files">Add files or drop them here</div>',
    "feedback_buttons": _feedback,
    "icon_button": _icon,
    "image": image,
}
