"""The platform's own markup, as its clients draw it: ``*bold*``, ``_italic_``, ``<url|label>``, quotes, code."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

VIEWER = ZoneInfo("Asia/Jerusalem")
"""The zone of whoever looks: clients show every moment in their own person's."""
EMOJI: Mapping[str, str] = {
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "warning": "⚠️", "hourglass": "⌛", "calendar": "📅",
    "hourglass_flowing_sand": "⏳", "eyes": "👀", "thumbsup": "👍", "+1": "👍", "thumbsdown": "👎", "-1": "👎",
    "double_vertical_bar": "⏸️", "arrow_forward": "▶️", "black_square_for_stop": "⏹️", "mag": "🔍", "memo": "📝",
    "email": "📧", "bust_in_silhouette": "👤", "lock": "🔒", "bulb": "💡", "tada": "🎉", "rotating_light": "🚨",
    "speech_balloon": "💬", "page_facing_up": "📄", "moneybag": "💰", "no_entry": "⛔", "question": "❓", "robot_face": "🤖",
    "large_green_circle": "🟢", "red_circle": "🔴", "white_circle": "⚪", "large_blue_circle": "🔵", "wave": "👋",
}  # fmt: skip
NAMES: Mapping[str, str] = {"!here": "@here", "!channel": "@channel", "!everyone": "@everyone"}

_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_ANGLE = re.compile(r"&lt;((?:(?!&lt;|&gt;).)+?)&gt;")
_BARE = re.compile(r"(?<![\w/\"=>;])(https?://[^\s<>&]+(?:&amp;[^\s<>&]+)*)")
_CONTROL = re.compile("[\x00-\x02]")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SHORT = re.compile(r":([a-z0-9_+-]+):")
_STYLES = tuple(
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^\n]*?\S){mark}(?![\w{mark}])"), tag)
    for mark, tag in ((r"\*", "b"), ("_", "i"), ("~", "s"))
)


def escaped(text: str) -> str:
    """Plain text as HTML."""
    return html.escape(text, quote=False)


def plain(text: str, *, emoji: bool = True) -> str:
    """A ``plain_text`` object: emoji codes, line breaks, and nothing else."""
    shown = escaped(text)
    return _lines(_emoji(shown) if emoji else shown)


def mrkdwn(text: str, *, verbatim: bool = False) -> str:
    """A ``mrkdwn`` object; addresses become links unless it is ``verbatim``."""
    kept: list[str] = []

    def keep(drawn: str) -> str:
        kept.append(drawn)
        return f"\x00{len(kept) - 1}\x00"

    # what arrives is already escaped by its author: take that back first, so that nothing is escaped twice
    source = escaped(_CONTROL.sub("", text))
    source = source.replace("&amp;lt;", "\x01").replace("&amp;gt;", "\x02").replace("&amp;amp;", "&amp;")
    source = _FENCE.sub(lambda found: keep(f"<pre>{found[1]}</pre>"), source)
    source = _CODE.sub(lambda found: keep(f"<code>{found[1]}</code>"), source)
    source = _ANGLE.sub(lambda found: keep(_angle(found[1])), source)
    if not verbatim:
        source = _BARE.sub(lambda found: keep(_link(found[1], found[1])), source)
    drawn = _quotes(_emoji(_styled(source)))
    return _restored(drawn, kept).replace("\x01", "&lt;").replace("\x02", "&gt;")


def _restored(drawn: str, kept: list[str]) -> str:
    place = re.compile("\x00(\\d+)\x00")
    while place.search(drawn):
        drawn = place.sub(lambda found: kept[int(found[1])], drawn)
    return drawn


def _styled(source: str) -> str:
    for pattern, tag in _STYLES:
        source = pattern.sub(rf"<{tag}>\1</{tag}>", source)
    return source


def _angle(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith(("@", "#")):
        sign = target[0]
        return f'<span class="mention">{sign}{label or target[1:]}</span>'
    if target.startswith("!date^"):
        return _date(target, label)
    if target.startswith("!"):
        return f'<span class="mention loud">{label or NAMES.get(target, "@" + target[1:])}</span>'
    if not _ADDRESS.match(target):
        return f"&lt;{inside}&gt;"
    return _link(target, label or target)


def _link(target: str, label: str) -> str:
    return f'<a href="{target.replace(chr(34), "&quot;")}">{_styled(label)}</a>'


def _date(target: str, fallback: str) -> str:
    _, stamp, form, *_ = [*target.split("^"), ""]
    try:
        moment = datetime.fromtimestamp(int(stamp), VIEWER)
    except ValueError:
        return fallback
    forms: Mapping[str, Callable[[], str]] = {
        "{date_num}": lambda: moment.strftime("%Y-%m-%d"),
        "{date}": lambda: moment.strftime("%B %-d, %Y"),
        "{date_short}": lambda: moment.strftime("%b %-d, %Y"),
        "{date_long}": lambda: moment.strftime("%A, %B %-d, %Y"),
        "{date_short_pretty}": lambda: moment.strftime("%b %-d, %Y"),
        "{date_pretty}": lambda: moment.strftime("%B %-d, %Y"),
        "{time}": lambda: moment.strftime("%-I:%M %p"),
        "{time_secs}": lambda: moment.strftime("%-I:%M:%S %p"),
    }
    for token, drawn in forms.items():
        form = form.replace(token, drawn())
    return f'<time title="{VIEWER}">{form}</time>'


def _emoji(shown: str) -> str:
    return _SHORT.sub(lambda found: EMOJI.get(found[1], found[0]), shown)


def _lines(shown: str) -> str:
    return shown.replace("\n", "<br>")


def _quotes(shown: str) -> str:
    """Lines that begin with ``>`` stand together behind a bar."""
    drawn: list[str] = []
    quoted: list[str] = []
    for line in [*shown.split("\n"), None]:
        mark = next((mark for mark in ("&gt;", "\x02") if line is not None and line.startswith(mark)), "")
        if line is not None and mark:
            quoted.append(line.removeprefix(mark).lstrip())
            continue
        if quoted:
            drawn.append(f"<blockquote>{'<br>'.join(quoted)}</blockquote>")
            quoted = []
        if line is not None:
            drawn.append(f"{line}<br>")
    text = "".join(drawn)
    return text.removesuffix("<br>")
