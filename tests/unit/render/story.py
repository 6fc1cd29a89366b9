"""The story's execution at each of its states, in both languages, for rendering tests and the preview."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus, Choice
from engine.domain.artifact import (
    Agenda,
    Artifact,
    Contact,
    Contacts,
    Document,
    Documents,
    Extract,
    Meeting,
    Source,
    Summary,
    dump,
)
from engine.domain.effect import Call, Effect
from engine.domain.execution import (
    Execution,
    ExecutionOutcome,
    ExecutionStatus,
    StepError,
    StepOutcome,
    StepRun,
    StepStatus,
)
from engine.domain.ids import ApprovalId, ChoiceId, ExecutionId, PrincipalId, StepId
from engine.domain.json import JsonObject, JsonValue
from engine.domain.plan import Binding, Plan, PlanOrigin, Step
from engine.domain.request import Request
from engine.domain.snapshot import ExecutionSnapshot

START = datetime(2026, 1, 4, 8, 0, tzinfo=UTC)
NOW = START + timedelta(seconds=9)
OWNER = PrincipalId("owner")

WORDS: dict[str, dict[str, str]] = {
    "he": {
        "request": "תקרא מה עשינו בדצמבר בתבואות, תבין את האסטרטגיה ותקבע פגישה עם יואב",
        "understood": "לחפש מסמכים על תבואות מדצמבר, לסכם את האסטרטגיה ולקבוע פגישה עם יואב",
        "s1": "חיפוש מסמכים: תבואות, דצמבר",
        "s2": "חיפוש אנשי קשר: יואב",
        "s3": "סיכום מה שנמצא",
        "s4": "קביעת פגישה",
        "s5": "כתיבת סדר יום",
        "yoav": "יואב לוי",
        "topic": "אסטרטגיה בתבואות",
        "meeting": "פגישה עם יואב לוי: האסטרטגיה של תבואות",
        "point1": "הוחלט להתמקד בשלושה אזורי גידול ולעצור את ההרחבה צפונה.",
        "point2": "Yoav Levi presented the Q1 pricing model; the pilot starts in February.",
        "doc1": "סיכום ישיבת הנהלה, דצמבר",
        "description": "לעבור על החלטות דצמבר\nלאשר את הפיילוט",
        "agenda": "# סדר יום: האסטרטגיה של תבואות\n\n## נושאים\n- החלטות דצמבר\n- פיילוט Q1\n",
    },
    "en": {
        "request": "Read what we did in December at Tevuot, understand the strategy and set up a meeting with Yoav",
        "understood": "find documents about Tevuot from December, sum up the strategy, set up a meeting with Yoav",
        "s1": "Search documents: Tevuot, December",
        "s2": "Look up people: Yoav",
        "s3": "Sum up what was found",
        "s4": "Set up the meeting",
        "s5": "Write the agenda",
        "yoav": "Yoav Levi",
        "topic": "Strategy at Tevuot",
        "meeting": "Meeting with Yoav Levi: the Tevuot strategy",
        "point1": "We decided to focus on three growing regions and to stop expanding north.",
        "point2": "הפיילוט יתחיל בפברואר; יואב לוי הציג את מודל המחירים ל־Q1.",
        "doc1": "Management meeting, December",
        "description": "Go through the December decisions\nApprove the pilot",
        "agenda": "# Agenda: the Tevuot strategy\n\n## Topics\n- December decisions\n- Q1 pilot\n",
    },
}


def plan(locale: str, *, sure: bool = True) -> Plan:
    """[search ∥ contacts] → summary → [meeting ∥ agenda]."""
    say = WORDS[locale]
    s1, s2, s3 = StepId("s1"), StepId("s2"), StepId("s3")
    meeting = {"summary": Binding(step_id=s3), "person": Binding(step_id=s2, one=True)}
    steps = (
        Step(id=s1, agent="DriveSearchAgent", title=say["s1"]),
        Step(id=s2, agent="ContactSearchAgent", title=say["s2"]),
        Step(
            id=s3,
            agent="WeeklyStatusAgent",
            title=say["s3"],
            bindings={"documents": Binding(step_id=s1), "people": Binding(step_id=s2)},
        ),
        Step(id=StepId("s4"), agent="CalendarAgent", title=say["s4"], effect=Effect.KEYED, bindings=meeting),
        Step(
            id=StepId("s5"),
            agent="EditorAgent",
            title=say["s5"],
            effect=Effect.KEYED,
            bindings={"summary": Binding(step_id=s3)},
        ),
    )
    return Plan(version=1, steps=steps, understood=say["understood"], sure=sure)


def artifact(locale: str, step: str) -> Artifact:
    """What each step of the story gives back."""
    say = WORDS[locale]
    source = Source(path="2025-12/board.md", line=12, title=say["doc1"], quote=say["point1"])
    second = Source(path="pricing.docx", line=40, title="Pricing Q1", quote=say["point2"])
    levi = Contact(id="c1", name=say["yoav"], email="yoav.levi@tevuot.example", organisation="Tevuot")
    match step:
        case "s1":
            items = tuple(
                Document(path=f"2025-12/n{n}.md", title=f"{say['doc1']} {n}", modified=START) for n in range(8)
            )
            return Documents(query="Tevuot", items=items, searched=42, problems=("old.pdf: encrypted",))
        case "s2":
            return Contacts(query="Yoav", items=(levi, replace(levi, id="c2", email="yoav@else.example")))
        case "s3":
            points = (Extract(text=say["point1"], source=source), Extract(text=say["point2"], source=second))
            text = "\n".join(p.text for p in points)
            return Summary(topic=say["topic"], text=text, extracts=points, sources=(source, second), read=7)
        case "s4":
            return Meeting(
                id="a81f0c",
                title=say["meeting"],
                starts=datetime(2026, 1, 5, 8, 0, tzinfo=UTC),
                ends=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
                link="calendar.ics#a81f0c",
                attendees=(f"{say['yoav']} <yoav.levi@tevuot.example>",),
                invitation="outbox/a81f0c.eml",
            )
        case _:
            return Agenda(title=say["meeting"], text=say["agenda"], path="agendas/2026-01-05-tevuot.md")


def call(locale: str, **more: JsonValue) -> Call:
    """What the gate of the story asks about."""
    say = WORDS[locale]
    arguments: JsonObject = {
        "title": say["meeting"],
        "starts": "2026-01-05T10:00:00+02:00",
        "ends": "2026-01-05T11:00:00+02:00",
        "attendees": [{"name": say["yoav"], "email": "yoav.levi@tevuot.example"}],
        "description": say["description"],
        "organiser": {"name": "", "email": ""},
    }
    return Call(tool="schedule_meeting", version="1", arguments={**arguments, **more})


def ask(locale: str, kind: ApprovalKind, status: ApprovalStatus = ApprovalStatus.PENDING) -> Approval:
    """One approval of the story."""
    say = WORDS[locale]
    step = {ApprovalKind.CHOICE: "s2", ApprovalKind.PLAN: None}.get(kind, "s4")
    labels = (f"{say['yoav']} · yoav.levi@tevuot.example", "Yoav Cohen · yoav@else.example")
    choices = tuple(Choice(id=ChoiceId(f"c{n}"), label=label) for n, label in enumerate(labels, 1))
    return Approval(
        id=ApprovalId(f"ap-{kind.value}"),
        execution_id=ExecutionId(f"x-{locale}"),
        kind=kind,
        plan_version=1,
        created_at=START,
        status=status,
        step_id=StepId(step) if step else None,
        title=say[step] if step else "",
        call=call(locale) if kind is ApprovalKind.GATE else None,
        choices=choices if kind is ApprovalKind.CHOICE else (),
        chosen=ChoiceId("c1") if status is ApprovalStatus.CHOSEN else None,
        decided_by=OWNER if status is not ApprovalStatus.PENDING else None,
        expires_at=datetime(2026, 1, 11, 8, 0, tzinfo=UTC) if kind is ApprovalKind.GATE else None,
    )


def snapshot(
    locale: str,
    states: str = "",
    *,
    status: ExecutionStatus = ExecutionStatus.RUNNING,
    outcome: ExecutionOutcome | None = None,
    approvals: tuple[Approval, ...] = (),
    sure: bool = True,
    paused: bool = False,
) -> ExecutionSnapshot:
    """The story's snapshot.

    Args:
        locale: its language.
        states: one letter per step: ``.`` pending, ``r`` running, ``w`` waiting, ``+`` succeeded, ``-`` failed,
            ``x`` rejected, ``s`` skipped; empty for no plan yet.
        status: of the execution.
        outcome: of the execution, when done.
        approvals: all of them, oldest first.
        sure: of the plan.
        paused: the flag.
    """
    request = Request(text=WORDS[locale]["request"], user_id=OWNER, locale=locale)
    runs = {StepId(f"s{n}"): _run(StepId(f"s{n}"), state) for n, state in enumerate(states, 1)}
    return ExecutionSnapshot(
        execution=Execution(
            id=ExecutionId(f"x-{locale}"),
            request=request,
            status=status,
            outcome=outcome,
            created_at=START,
            updated_at=NOW,
            plan_version=1 if states else 0,
            paused=paused,
        ),
        plan=plan(locale, sure=sure) if states else None,
        step_runs=runs,
        approvals=approvals,
        artifacts={s: dump(artifact(locale, s)) for s, run in runs.items() if run.outcome is StepOutcome.SUCCEEDED},
        seq=7,
    )


def _run(step: StepId, state: str) -> StepRun:
    ended = StepRun(step_id=step, status=StepStatus.DONE, started_at=START, finished_at=START + timedelta(seconds=2.4))
    error = StepError(code="calendar_unreadable", detail="calendar.ics: line 40 is not a property.")
    match state:
        case "+":
            return replace(ended, outcome=StepOutcome.SUCCEEDED)
        case "-":
            return replace(ended, outcome=StepOutcome.FAILED, error=error)
        case "x":
            return replace(ended, outcome=StepOutcome.REJECTED)
        case "s":
            return StepRun(step_id=step, status=StepStatus.DONE, outcome=StepOutcome.SKIPPED)
        case "r":
            return StepRun(step_id=step, status=StepStatus.RUNNING, started_at=NOW - timedelta(seconds=3))
        case "w":
            return StepRun(step_id=step, status=StepStatus.WAITING)
        case _:
            return StepRun(step_id=step)


def changed(locale: str) -> ExecutionSnapshot:
    """Somebody wants another hour and no agenda, after what was found; a meeting that may have been made is in it again."""
    asked = replace(ask(locale, ApprovalKind.PLAN), plan_version=2)
    shot = snapshot(locale, "+++..", status=ExecutionStatus.WAITING, approvals=(asked,))
    before = plan(locale)
    s1, s2, s3, s4, _ = before.steps
    again = replace(s3, id=StepId("v2s3"))
    meeting = replace(
        s4,
        id=StepId("v2s4"),
        inputs={"starts": "2026-01-06T10:00"},
        bindings={**s4.bindings, "summary": Binding(step_id=again.id)},
    )
    after = replace(
        before,
        version=2,
        steps=(s1, s2, again, meeting),
        sure=False,
        origin=PlanOrigin.EDIT,
        repeats=frozenset({meeting.id}),
    )
    return replace(shot, execution=replace(shot.execution, plan_version=2), plan=after, before=before)


def states(locale: str) -> dict[str, ExecutionSnapshot]:
    """Every state of the story by name."""
    choice = ask(locale, ApprovalKind.CHOICE)
    picked = ask(locale, ApprovalKind.CHOICE, ApprovalStatus.CHOSEN)
    gate, waiting, done = ask(locale, ApprovalKind.GATE), ExecutionStatus.WAITING, ExecutionStatus.DONE
    approved = ask(locale, ApprovalKind.GATE, ApprovalStatus.APPROVED)
    rejected = ask(locale, ApprovalKind.GATE, ApprovalStatus.REJECTED)
    return {
        "planning": snapshot(locale, status=ExecutionStatus.PLANNING),
        "running": snapshot(locale, "r+..."),
        "choice": snapshot(locale, "++r..", approvals=(choice,)),
        "gate": snapshot(locale, "+++ww", status=waiting, approvals=(picked, gate)),
        "done": snapshot(
            locale, "+++++", status=done, outcome=ExecutionOutcome.SUCCEEDED, approvals=(picked, approved)
        ),
        "rejected": snapshot(
            locale, "+++xs", status=done, outcome=ExecutionOutcome.REJECTED, approvals=(picked, rejected)
        ),
        "partial": snapshot(locale, "+++-+", status=done, outcome=ExecutionOutcome.PARTIAL, approvals=(picked,)),
        "paused": snapshot(locale, "+r...", paused=True),
        "unsure": snapshot(locale, ".....", status=waiting, approvals=(ask(locale, ApprovalKind.PLAN),), sure=False),
        "changed": changed(locale),
    }
