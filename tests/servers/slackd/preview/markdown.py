"""The ``markdown`` block: standard Markdown, as far as the platform's clients draw it."""

from __future__ import annotations

from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).enable(["table", "strikethrough"])


def markdown(text: str) -> str:
    """The text of a block as HTML; its first strong letter gives the direction of the whole block."""
    return f'<div class="rich" dir="auto">{_READER.render(text)}</div>'
