"""Makes other people's text safe to show: on one line, without invisible characters, without live Markdown."""

from __future__ import annotations

import re

INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Zero-width marks, bidi overrides and isolates, tag characters (text only a machine sees), lone surrogates. Not the
plain marks Hebrew text needs (LRM, RLM)."""
CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")
"""Everything that may break a line or a header."""

_TAG = re.compile("<(?=[A-Za-z/!?])")


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most ``limit`` characters, cut between words and marked with an ellipsis."""
    flat = " ".join(CONTROL.sub(" ", INVISIBLE.sub("", text)).split())
    if len(flat) <= limit:
        return flat
    head = flat[: limit - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > limit // 2 else head).rstrip() + "…"


def quoted(text: str, limit: int = 320) -> str:
    """One line to put into Markdown, brackets made round: it neither links, nor embeds, nor forges a source number."""
    flat = one_line(text, limit).replace("[", "(").replace("]", ")")
    return _TAG.sub("‹", flat).replace("`", "'")
