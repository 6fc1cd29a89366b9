"""What a result says of what was looked for, and of what a changed plan left standing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.render.card import render_card
from engine.domain.artifact import Documents, Meeting, dump
from engine.domain.execution import ExecutionOutcome, ExecutionStatus
from engine.domain.ids import StepId
from tests.unit.render.story import NOW, artifact, snapshot, states


def _bare(text: str) -> str:
    return re.sub("[\u2068\u2069]", "", text)


@pytest.mark.parametrize(
    ("locale", "asked", "query", "told"),
    [
        ("en", "read about the Tevuot strategy", "Tevuot strategy אסטרטגיה", "No document matches Tevuot strategy."),
        ("en", "Tevuot and tevuot", "Tevuot tevuot", "No document matches Tevuot."),
        ("he", "מה עשינו בתבואות ובאסטרטגיה", "תבואות אסטרטגיה strategy", "אין מסמך שמתאים לחיפוש תבואות אסטרטגיה."),
        ("en", "make sense of it all", "Tevuot אסטרטגיה", "No document matches."),
        ("he", "תסתכל על זה", "תבואות", "אין מסמך מתאים."),
        ("en", "about C++ (draft", "C++ (draft [x", "No document matches C++ (draft."),
    ],
)
def test_where_nothing_matches_only_what_the_person_wrote_is_named(
    locale: str, asked: str, query: str, told: str
) -> None:
    base = snapshot(locale, "+", status=ExecutionStatus.DONE, outcome=ExecutionOutcome.SUCCEEDED)
    execution = replace(base.execution, request=replace(base.execution.request, text=asked))
    shot = replace(base, execution=execution, artifacts={StepId("s1"): dump(Documents(query=query))})
    result = render_card(shot, now=NOW).result
    assert result is not None
    assert _bare(result.listings[0].empty) == told


def test_what_a_changed_plan_left_standing_is_on_the_card() -> None:
    done = states("en")["done"]
    assert done.plan is not None
    kept = tuple(step for step in done.plan.steps if step.agent not in {"CalendarAgent", "EditorAgent"})
    shot = replace(done, plan=replace(done.plan, version=2, steps=kept))
    before = render_card(shot, now=NOW).result
    assert before is not None
    assert before.meeting is None, "a first plan left nothing out"
    result = render_card(replace(shot, execution=replace(done.execution, plan_version=2)), now=NOW).result
    assert result is not None
    assert result.meeting is not None
    assert result.agenda is not None
    assert (result.meeting.id, result.agenda.path) == ("a81f0c", "agendas/2026-01-05-tevuot.md")


def test_a_meeting_of_the_plan_goes_before_one_that_was_left_standing() -> None:
    done = states("en")["done"]
    other = artifact("en", "s4")
    assert isinstance(other, Meeting)
    shot = replace(
        done,
        execution=replace(done.execution, plan_version=2),
        artifacts={**done.artifacts, StepId("s9"): dump(replace(other, id="left"))},
    )
    result = render_card(shot, now=NOW).result
    assert result is not None
    assert result.meeting is not None
    assert result.meeting.id == "a81f0c"


def test_a_step_that_read_the_conversation_counts_messages_and_not_documents() -> None:
    for locale, documents, messages in (
        ("en", "Read 7 documents", "Read 7 messages"),
        ("he", "נקראו 7 מסמכים", "נקראו 7 הודעות"),
    ):
        base = snapshot(locale, "+++..")
        assert base.plan is not None
        steps = [replace(s, agent="ThreadAgent") if s.id == "s3" else s for s in base.plan.steps]
        asked = replace(base, plan=replace(base.plan, steps=tuple(steps)))
        assert _bare(render_card(base, now=NOW).steps[2].note) == documents
        assert _bare(render_card(asked, now=NOW).steps[2].note) == messages
