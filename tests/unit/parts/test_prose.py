"""Headings and bullets of documents get their look; everything else stays the text it is."""

from __future__ import annotations

from bot.parts.model import Items, Para, written
from bot.parts.prose import prose_parts


def test_markdown_that_is_none_of_ours_stays_the_text_it_is() -> None:
    parts = prose_parts("**bold** [link](http://x.example)\n#nospace\n\n## Head\n* one\n* two\n> quoted")
    assert [type(part).__name__ for part in parts] == ["Para", "Para", "Items", "Para"]
    assert written(parts[0]) == "**bold** [link](http://x.example)\n#nospace"
    assert [written(part) for part in parts[1:]] == ["Head", "- one\n- two", "> quoted"]


def test_headings_are_bold_and_bullets_a_list() -> None:
    heading, bullets = prose_parts("# Head\n- one\n- two")
    assert isinstance(heading, Para)
    assert heading.lines[0][0].bold
    assert isinstance(bullets, Items)
    assert (bullets.first, bullets.tight) == (0, True)
