"""Makes other people's text safe where Slack reads markup: nothing in it pings, links or formats.

:func:`inline` is for texts that are ``verbatim``, :func:`escape` for all others. What hides or turns its neighbours is
dropped by :mod:`bot.render.safe_text` before.
"""

from __future__ import annotations

import re

from bot.render.safe_text import ISOLATES, said

_PING = re.compile(r"@(?=\W{0,3}(?:channel|here|everyone|group)\b)", re.IGNORECASE)
_CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_STYLE = re.compile(r"(?<!\w)[*_~]|[*_~](?!\w)")
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_QUOTE = re.compile(r"^(\s*)>", re.MULTILINE)
_STYLE_TWINS = {"*": "∗", "_": "ˍ", "~": "∼"}
_SCHEME = re.compile(r":(?=/)")
_DOMAIN = re.compile(r"(?<=[^\W_])\.(?=[^\W_])|(?<=[\w.+-])@(?=\w)")
_BREAK = "\u2060"
"""Word joiner: not seen, and no part of any address."""


def inline(text: str) -> str:
    """Text for a ``mrkdwn`` object that is ``verbatim``: nothing in it is markup; addresses stay as they are."""
    parts = ISOLATES.split(said(text))
    shown = "".join(part if part in "\u2068\u2069" else _unstyled(part) for part in parts)
    shown = _QUOTE.sub(r"\1›", shown)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text: str) -> str:
    """Text for any place that reads mrkdwn, such as a message's own text: nothing pings, and no address becomes a link.

    Words in single backticks on one line stay code: they can do nothing else.
    """
    return _DOMAIN.sub(rf"{_BREAK}\g<0>", _SCHEME.sub(f":{_BREAK}", inline(text)))


def _unstyled(part: str) -> str:
    """Without what mrkdwn would take for style, an emoji or a call to everybody: each is put by its twin."""
    kept: list[str] = []
    end = 0
    for code in _CODE.finditer(part):
        kept += [_plain(part[end : code.start()]), code[0]]
        end = code.end()
    return _PING.sub("＠", "".join([*kept, _plain(part[end:])]))


def _plain(part: str) -> str:
    styled = _STYLE.sub(lambda match: _STYLE_TWINS[match[0]], part.replace("`", "'"))
    return _EMOJI.sub("∶", styled)
