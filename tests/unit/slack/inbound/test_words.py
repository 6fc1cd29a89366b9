"""A person's words come out as the person sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.inbound.words import mentions, plain_words


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@UBOT> set up a meeting", "set up a meeting"),
        ("<@UBOT|tizmor>, set up a meeting", "set up a meeting"),
        ("<@UBOT>: תקבע פגישה עם יואב", "תקבע פגישה עם יואב"),
        ("  <@UBOT>   what is <@UBOT>'s name", "what is 's name"),
        ("Please <@UBOT> do it", "Please do it"),
        ("do it, <@UBOT>", "do it,"),
        ("do it <@UBOT>!", "do it!"),
        ("one\n<@UBOT> two", "one\ntwo"),
        ("<@UBOT>\n- first\n- second", "- first\n- second"),
        ("<@UBOT>", ""),
        ("with <@UDANA|dana> and <@UAVI>", "with @dana and @UAVI"),
        ("in <#C1|general>, not <#C2>", "in #general, not #C2"),
        ("in <#C2|>", "in #C2"),
        ("<!here> <!channel> <!everyone|everyone>", "@here @channel everyone"),
        ("<!subteam^S1|@sales> <!subteam^S2>", "@sales @S2"),
        ("on <!date^1700000000^{date_short}|14 Nov>", "on 14 Nov"),
        ("see <https://example.com/a?b=1&amp;c=2|the plan>", "see the plan (https://example.com/a?b=1&c=2)"),
        ("see <http://example.com|example.com>", "see example.com"),
        ("see <https://example.com/a>", "see https://example.com/a"),
        ("write to <mailto:yoav@tevuot.example|yoav@tevuot.example>", "write to yoav@tevuot.example"),
        ("write to <mailto:yoav@tevuot.example>", "write to yoav@tevuot.example"),
        ("call <tel:+972501234567|050-1234567>", "call 050-1234567"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&lt;@UBOT&gt;", "<@UBOT>"),
        ("*bold* 2*3 `code` ~gone~ :smile:", "*bold* 2*3 `code` ~gone~ :smile:"),
        ("a < b and <", "a < b and <"),
        ("nul\0 here", "nul here"),
    ],
)
def test_a_message_reads_as_it_was_written(written: str, read: str) -> None:
    assert plain_words(written, "UBOT") == read


def test_somebody_elses_name_stays_and_ours_too_where_it_is_not_known() -> None:
    assert plain_words("<@UBOTTER> hi <@UBOT>") == "@UBOTTER hi @UBOT"
    assert plain_words("<@UBOTTER> hi", "UBOT") == "@UBOTTER hi"


def test_only_a_real_mention_is_one() -> None:
    assert mentions("hey <@UBOT>", "UBOT")
    assert mentions("hey <@UBOT|tizmor>", "UBOT")
    assert not mentions("hey &lt;@UBOT&gt; <@UBOTTER> @UBOT", "UBOT")
    assert not mentions("hey <@>", "")


@given(st.text(st.sampled_from("<>@#!|&;ampltg UBOT:^\n\0אa,/")), st.sampled_from(["", "UBOT"]))
def test_no_text_breaks_the_reading_of_it(written: str, us: str) -> None:
    assert "\0" not in plain_words(written, us)
