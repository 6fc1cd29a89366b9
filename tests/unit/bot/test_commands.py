"""Words that steer are told from requests, in both languages."""

from __future__ import annotations

import pytest

from bot.commands import Command, order, steering


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("stop", Command.STOP),
        ("Stop!", Command.STOP),
        ("  STOP  it. ", Command.STOP),
        ("עצור", Command.STOP),
        ("תעצור בבקשה!", Command.STOP),
        ("בטל", Command.STOP),
        ("עצירה", Command.STOP),
        ("לעצור הכול", Command.STOP),
        ("עצור הכול!", Command.STOP),
        ("עצור את זה", Command.STOP),
        ("בטל את זה", Command.STOP),
        ("עזוב", Command.STOP),
        ("stop this", Command.STOP),
        ("Stop everything!", Command.STOP),
        ("stop now", Command.STOP),
        ("cancel that", Command.STOP),
        ("never mind…", Command.STOP),
        ("pause", Command.PAUSE),
        ("השהה", Command.PAUSE),
        ("השהיה", Command.PAUSE),
        ("השהייה", Command.PAUSE),
        ("השהה בבקשה", Command.PAUSE),
        ("המשך", Command.RESUME),
        ("מה המצב?", Command.STATUS),
        ("עזרה", Command.HELP),
    ],
)
def test_a_whole_message_that_is_a_command_word_steers(text: str, command: Command) -> None:
    found = steering(text)
    assert found is not None
    assert found.command is command


@pytest.mark.parametrize(
    "text",
    [
        "stop the meeting with Yoav",
        "please do not stop",
        "עצור את הישיבה",
        "never mind the gap",
        "status of the pilot",
        "ask",
        "claim",
        "plan",
        "link",
        "invite",
        "start",
        "קישור",
        "תוכנית",
        "x",
    ],
)
def test_a_sentence_that_only_holds_such_a_word_is_no_command(text: str) -> None:
    assert steering(text) is None


def test_after_a_slash_a_request_needs_no_word_before_it() -> None:
    assert order("read the notes") == order("ask read the notes")
    assert order("ask read the notes").rest == "read the notes"
    assert order("בקש לקרוא").rest == "לקרוא"


def test_after_a_slash_a_command_is_one_word_and_a_code_follows_its_own() -> None:
    assert order("status").command is Command.STATUS
    assert order("סטטוס").locale == "he"
    assert order("").command is Command.HELP
    assert order("claim abc-123") == order("  claim   abc-123 ".strip())
    assert order("claim abc-123").rest == "abc-123"
    assert order("stop the press").command is Command.ASK


def test_after_a_slash_a_link_takes_a_code_and_nothing_else() -> None:
    assert order("link").command is Command.LINK
    assert (order("link abc-123").command, order("link abc-123").rest) == (Command.LINK, "abc-123")
    assert (order("קישור  abc-123").command, order("קישור  abc-123").rest) == (Command.LINK, "abc-123")
    assert order("link the notes to the meeting").command is Command.ASK


@pytest.mark.parametrize("text", ["plan the offsite", "invite Dana to the meeting", "start the pilot", "תכנן יום כיף"])
def test_after_a_slash_what_begins_like_a_command_may_be_a_request(text: str) -> None:
    assert (order(text).command, order(text).rest) == (Command.ASK, text)


def test_every_command_has_words_in_both_locales() -> None:
    from bot.render.texts import LOCALES, catalogue

    for locale in LOCALES:
        for command in Command:
            assert catalogue(locale)[f"command_words.{command.value}"]
