"""What was written meanwhile, asked about in words; and a request that was found late, told so on its card."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.render.card import Card, render_card
from bot.render.replies import render_replies
from engine.domain.approval import Approval, ApprovalStatus
from engine.domain.snapshot import ExecutionSnapshot
from engine.planning.follow_up import CHANGE, LEAVE, offer, offer_id
from tests.unit.render.story import NOW, OWNER, START, states


def asked(shot: ExecutionSnapshot, text: str) -> Approval:
    return offer(shot, offer_id(shot.execution.id, "m1"), text, OWNER, START)


def with_offer(locale: str, text: str, **more: object) -> ExecutionSnapshot:
    shot = states(locale)["running"]
    return replace(shot, approvals=(replace(asked(shot, text), **more),))  # type: ignore[arg-type]


def plain(text: str) -> str:
    return re.sub("[\u2068\u2069]", "", text)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "en",
            (
                "Change the plan?",
                "Written meanwhile: invite Dana too",
                ["Change the plan", "Leave it as it is"],
                "Written meanwhile: invite Dana too – change the plan?",
                "Picked: Leave it as it is",
            ),
        ),
        (
            "he",
            (
                "לשנות את התוכנית?",
                "בינתיים נכתב: invite Dana too",
                ["לשנות את התוכנית", "להשאיר כמו שהיא"],
                "בינתיים נכתב: invite Dana too – לשנות את התוכנית?",
                "הבחירה: להשאיר כמו שהיא",
            ),
        ),
    ],
)
def test_a_follow_up_is_asked_about_in_words_with_two_answers(
    locale: str, words: tuple[str, str, list[str], str, str]
) -> None:
    title, subject, buttons, short, picked = words
    shot = with_offer(locale, "invite Dana\ntoo")
    block = render_card(shot, now=NOW).approvals[0]
    assert (block.title, plain(block.subject)) == (title, subject)
    assert block.lead
    assert [(b.action, b.label, b.tone, b.choice) for b in block.buttons] == [
        ("choose", buttons[0], "primary", CHANGE),
        ("choose", buttons[1], "plain", LEAVE),
    ]
    assert plain(render_replies(shot)[0].text) == short
    chosen = with_offer(locale, "x", status=ApprovalStatus.CHOSEN, chosen=LEAVE, decided_at=NOW)
    assert plain(render_replies(chosen)[0].text) == picked


def test_what_was_written_is_data_fenced_off_shortened_and_without_hidden_marks() -> None:
    hostile = "\u2069{cap} \u202eok\u2066 " + "word " * 400
    block = render_card(with_offer("en", hostile), now=NOW).approvals[0]
    said = render_replies(with_offer("en", hostile))[0].text
    for text in (block.subject, said):
        assert text.count("\u2068") == text.count("\u2069") == 1
        assert "\u202e" not in text
        assert "\u2066" not in text
        assert "⟦U+202E⟧" in text
        assert "{cap}" in text
        assert len(text) < 600


def late(locale: str, after: timedelta, *, dry_run: bool = False) -> Card:
    shot = states(locale)["running"]
    request = replace(shot.execution.request, sent_at=START - after, dry_run=dry_run)
    return render_card(replace(shot, execution=replace(shot.execution, request=request)), now=NOW)


@pytest.mark.parametrize(
    ("locale", "notice"),
    [
        ("en", "Written Sunday, January 4, 2026, 08:58; found only now, after a time away."),
        ("he", "נכתב ביום ראשון, 4 בינואר 2026, 08:58; נמצא רק עכשיו, אחרי זמן שבו תזמור לא פעל."),
    ],
)
def test_a_request_found_after_a_time_away_says_when_it_was_written(locale: str, notice: str) -> None:
    assert plain(late(locale, timedelta(minutes=62)).notice) == notice


def test_a_request_taken_up_within_a_minute_or_of_unknown_time_says_nothing() -> None:
    assert late("en", timedelta(seconds=60)).notice == ""
    assert late("en", timedelta(seconds=61)).notice
    assert render_card(states("en")["running"], now=NOW).notice == ""


def test_a_plan_only_found_late_says_both() -> None:
    notice = plain(late("en", timedelta(hours=1), dry_run=True).notice)
    assert notice.startswith("Plan only: nothing was run and nothing was written. Written Sunday")
