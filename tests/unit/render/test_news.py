"""What a notification says is the news itself, on one line: what is asked, what came of it, why it did not work."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.render.replies import render_replies
from engine.domain.approval import ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import (
    Agenda,
    Appointments,
    Artifact,
    CalendarEntry,
    Contact,
    Contacts,
    Document,
    Documents,
    Meeting,
    Summary,
    dump,
)
from engine.domain.execution import ExecutionOutcome, ExecutionStatus, StepError
from engine.domain.ids import ChoiceId, StepId
from engine.domain.plan import Plan, Step
from engine.domain.snapshot import ExecutionSnapshot
from tests.unit.render.story import NOW, OWNER, START, artifact, ask, call, snapshot, states


def bare(text: str) -> str:
    return re.sub("[\u2068\u2069]", "", text)


def said(shot: ExecutionSnapshot) -> dict[str, str]:
    return {r.purpose: bare(r.text) for r in render_replies(shot, names={OWNER: "Dana Bar"})}


def ended(
    locale: str, given: Artifact | None, outcome: ExecutionOutcome = ExecutionOutcome.SUCCEEDED
) -> ExecutionSnapshot:
    """An execution of one step that is over."""
    base = snapshot(locale, "+" if given else "-", status=ExecutionStatus.DONE, outcome=outcome)
    plan = Plan(version=1, steps=(Step(id=StepId("s1"), agent="A", title="x"),))
    return replace(base, plan=plan, artifacts={StepId("s1"): dump(given)} if given else {})


def test_a_reminder_is_a_message_of_its_own_that_names_the_question() -> None:
    gate = replace(ask("en", ApprovalKind.GATE), reminded_at=NOW)
    replies = {r.purpose: r for r in render_replies(snapshot("en", "+++ww", approvals=(gate,)))}
    assert list(replies) == ["approval:ap-gate", "remind:ap-gate"]
    reminder = replies["remind:ap-gate"]
    assert reminder.pending
    assert reminder.tone == "attention"
    assert bare(reminder.text) == (
        "Still waiting for you, above. Approval needed: Set up the meeting · Monday, January 5, 2026, 10:00 · Yoav Levi"
    )
    unreminded = replace(gate, reminded_at=None)
    assert said(snapshot("en", "+++ww", approvals=(unreminded,))) == {
        "approval:ap-gate": bare(replies["approval:ap-gate"].text)
    }, "the question itself is not edited, so that nothing is sent twice"


@pytest.mark.parametrize(
    ("status", "english", "hebrew"),
    [
        (
            ApprovalStatus.APPROVED,
            "No longer waiting; it has been answered: Set up the meeting",
            "כבר לא ממתין, התקבלה תשובה: קביעת פגישה",
        ),
        (ApprovalStatus.EXPIRED, "Nobody answered in time: Set up the meeting", "לא התקבלה תשובה בזמן: קביעת פגישה"),
        (ApprovalStatus.SUPERSEDED, "No longer needed: Set up the meeting", "כבר אין צורך: קביעת פגישה"),
    ],
)
def test_a_reminder_that_is_over_says_so_and_asks_no_more(status: ApprovalStatus, english: str, hebrew: str) -> None:
    for locale, words in (("en", english), ("he", hebrew)):
        gate = replace(ask(locale, ApprovalKind.GATE, status), reminded_at=NOW)
        reminder = render_replies(snapshot(locale, "+++ww", approvals=(gate,)))[1]
        assert (reminder.purpose, bare(reminder.text)) == ("remind:ap-gate", words)
        assert (reminder.pending, reminder.tone) == (False, "quiet")


def test_a_gate_tells_what_when_and_who_from_the_call_itself() -> None:
    people = [{"name": f"P{n}", "email": f"p{n}@x.example"} for n in range(5)]
    many = replace(ask("en", ApprovalKind.GATE), call=call("en", attendees=people))
    text = said(snapshot("en", "+++ww", approvals=(many,)))["approval:ap-gate"]
    assert text.endswith("2026, 10:00 · P0, P1, P2, and 2 more")
    mail = replace(many.call or call("en"), arguments={"to": ["dana@x.example"], "text": "hello"})
    text = said(snapshot("he", "+++ww", approvals=(replace(many, call=mail),)))["approval:ap-gate"]
    assert text == "נדרש אישור: Set up the meeting · dana@x.example"


def test_what_is_hidden_in_a_call_is_spelled_out_and_stays_on_one_line() -> None:
    evil = [{"name": "Dana\u202e\nmoc", "email": "e@x.example"}]
    gate = replace(ask("en", ApprovalKind.GATE), call=call("en", attendees=evil, starts="soon\u2066\nnow"))
    text = render_replies(snapshot("en", "+++ww", approvals=(gate,)))[0].text
    assert text.endswith("· \u2068soon⟦U+2066⟧ now\u2069 · \u2068Dana⟦U+202E⟧ moc\u2069")
    assert text.count("\u2068") == text.count("\u2069")


def test_a_choice_of_many_names_a_few_and_counts_the_rest() -> None:
    choices = tuple(Choice(id=ChoiceId(f"c{n}"), label=f"Yoav {n}") for n in range(1, 8))
    choice = replace(ask("he", ApprovalKind.CHOICE), choices=choices)
    assert said(snapshot("he", "+w...", approvals=(choice,)))["approval:ap-choice"] == (
        "חיפוש אנשי קשר: יואב – באיזו אפשרות לבחור? Yoav 1, Yoav 2, Yoav 3, Yoav 4, ועוד 3"
    )


def test_the_reason_of_a_rejection_is_part_of_its_outcome() -> None:
    gate = replace(ask("en", ApprovalKind.GATE, ApprovalStatus.REJECTED), comment="not\nthis week")
    assert (
        said(snapshot("en", "+++xs", approvals=(gate,)))["approval:ap-gate"]
        == "✗ Rejected by Dana Bar: not this week · Set up the meeting"
    )
    long = replace(gate, comment="x" * 500, decided_by=None)
    assert len(said(snapshot("he", "+++xs", approvals=(long,)))["approval:ap-gate"]) == len("✗ נדחה: ") + 200 + len(
        " · Set up the meeting"
    )
    plan = replace(ask("he", ApprovalKind.PLAN, ApprovalStatus.REJECTED), comment="לא עכשיו", decided_by=None)
    assert said(snapshot("he", ".....", approvals=(plan,)))["approval:ap-plan"] == "✗ התוכנית בוטלה: לא עכשיו"
    approved = replace(gate, status=ApprovalStatus.APPROVED)
    assert said(snapshot("en", "+++++", approvals=(approved,)))["approval:ap-gate"] == (
        "✓ Approved by Dana Bar · Set up the meeting"
    )


_PEOPLE = (
    Contact(id="c1", name="Yoav Levi", email="yoav@t.example", phone="050"),
    Contact(id="c2", name="Yoav Cohen"),
)
_PAPERS = tuple(Document(path=f"{n}.md", title=f"Paper {n}", modified=START) for n in range(3))
_HOUR = CalendarEntry(title="Tasting", starts=START, ends=START + timedelta(hours=1))
_FREE = Appointments(starts=START, ends=START + timedelta(days=1))
_PROSE = "# Strategy\n\n- **Three regions** were chosen in December [1]. The pilot starts soon."


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (Contacts(query="Yoav", items=_PEOPLE), "Yoav Levi · yoav@t.example · 050, and one more"),
        (Contacts(query="Yoav", items=_PEOPLE[1:]), "Yoav Cohen"),
        (Contacts(query="Yoav"), "Nobody matches Yoav."),
        (Documents(query="Tevuot", items=_PAPERS), "Paper 0, and 2 more"),
        (Documents(query="Tevuot אסטרטגיה"), "No document matches Tevuot."),
        (replace(_FREE, items=(_HOUR,)), "Tasting · Sunday, January 4, 2026, 10:00 – 11:00"),
        (Summary(topic="x", text=_PROSE), "Three regions were chosen in December."),
        (artifact("en", "s3"), "We decided to focus on three growing regions and to stop expanding north."),
        (Agenda(title="A", text="# A", path="agendas/a.md"), "Saved as agendas/a.md"),
    ],
)
def test_the_end_tells_the_first_line_of_what_came_of_it(given: Artifact, line: str) -> None:
    final = said(ended("en", given))["final"]
    assert final == f"Done: Read what we did in December at Tevuot, understand the strategy and set up a… – {line}"


def test_what_partly_worked_tells_what_did() -> None:
    given = artifact("he", "s4")
    assert isinstance(given, Meeting)
    assert said(ended("he", replace(given, title="פגישה"), ExecutionOutcome.PARTIAL))["final"] == (
        "הושלם חלקית: תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב"
        " – פגישה, יום שני, 5 בינואר 2026, 10:00–11:00"
    )


def test_what_failed_tells_why() -> None:
    failed = ended("en", None, ExecutionOutcome.FAILED)
    assert said(failed)["final"].endswith("with Yoav. The calendar cannot be read, and was left untouched.")
    unplanned = replace(failed.execution, error=StepError(code="model_unreachable", detail="x"))
    assert said(replace(failed, execution=unplanned, plan=None))["final"].endswith(
        "The language model cannot be reached. Check the network, and ANTHROPIC_BASE_URL if it is set."
    )
    assert said(replace(failed, step_runs={}))["final"].endswith("Something went wrong here.")


@pytest.mark.parametrize("locale", ["en", "he"])
@pytest.mark.parametrize("outcome", list(ExecutionOutcome))
def test_the_end_is_one_short_line_however_long_everything_is(locale: str, outcome: ExecutionOutcome) -> None:
    long = "word\u202e\n" * 400
    given = artifact(locale, "s4")
    assert isinstance(given, Meeting)
    everything: tuple[Artifact, ...] = (
        Summary(topic=long, text=long),
        Summary(topic=long, text="x" * 4_000),
        replace(given, title=long),
        replace(given, title=long, cancelled=True),
        Documents(query=long, items=tuple(replace(d, title=long) for d in _PAPERS)),
        Contacts(query=long, items=(replace(_PEOPLE[0], name=long, email=long, phone=long),) * 2),
        Contacts(query=long),
        replace(_FREE, items=(replace(_HOUR, title=long),) * 60),
    )
    for one in everything:
        shot = ended(locale, one, outcome)
        asked = replace(shot.execution, request=replace(shot.execution.request, text=long))
        text = render_replies(replace(shot, execution=asked))[-1].text
        assert len(text) <= 300, text
        assert "\n" not in text
        assert text.count("\u2068") == text.count("\u2069") > 0


def test_every_reply_of_the_story_is_one_line() -> None:
    for locale in ("en", "he"):
        for shot in states(locale).values():
            assert all("\n" not in reply.text for reply in render_replies(shot))
