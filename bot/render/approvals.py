"""Questions that wait for a person, as blocks with buttons; a gate shows exactly what will be written.

Fields are made from the canonical call the approval is bound to, never from what an agent says about it: every argument
has its row, also one that nobody here has heard of, and characters that could hide or turn text are spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.render.texts import Phrase, Texts, isolate, reveal, shorten
from bot.render.topics import asked, choice_tone, topic_choice
from engine.domain.approval import Approval, ApprovalKind, ApprovalStatus
from engine.domain.effect import Call
from engine.domain.ids import ApprovalId
from engine.domain.json import JsonValue, canonical
from engine.domain.snapshot import ExecutionSnapshot

FIELD_ORDER = (
    "instead_of",
    "title",
    "subject",
    "to",
    "recipient",
    "attendees",
    "starts",
    "duration_minutes",
    "timezone",
    "ends",
    "all_day",
    "location",
    "organiser",
    "description",
    "cancel",
    "meeting_id",
)
"""Arguments shown first, in this order; the rest follow by name. What is called off says so before all."""

FIXED = frozenset({"instead_of", "meeting_id"})
"""Arguments that say what a call is about: shown like all others, and no person's to edit."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_SHORT_TEXT = 120

MOST_NAMED = 3
"""People named in a line that notifies; more of them are counted."""

PEOPLE = ("attendees", "to", "recipient")
"""Arguments that name who hears of it."""
_NAME = 60
_LINE_END = "⟦U+000A⟧"

QUESTION_CHARACTERS = 500
"""Longest question of the planner; shown whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something a person can press. It carries opaque ids only."""

    action: str
    """``approve edit reject choose answer run change back drop pause resume cancel retry feedback``."""
    label: str
    tone: str = "plain"
    """``primary``, ``plain`` or ``danger``."""
    approval: str = ""
    choice: str = ""
    rating: int = 0
    chosen: bool = False
    """It has been pressed and still holds, such as a rating."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One argument of the call: how it reads, and how it is edited."""

    name: str
    """As the tool calls it."""
    label: str
    value: str
    known: bool
    """False: nobody here has a word for it; ``label`` is the raw name and ``note`` says so."""
    note: str
    input: str
    """``text multiline instant number boolean lines people person json fixed``; ``fixed`` is not edited."""
    raw: JsonValue
    """The argument itself, for the form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Droppable:
    """A step that can be taken out of a plan."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalBlock:
    """One pending question."""

    id: ApprovalId
    kind: ApprovalKind
    topic: str
    """With a question the engine itself asks, what it is about: its choices then say all there is to answer."""
    title: str
    subject: str
    """What it is about: the step, the question; may be empty."""
    lead: str
    tool: str
    fields: tuple[Field, ...]
    drops: tuple[Droppable, ...]
    """With a plan: what can be left out."""
    back: int
    """With a plan: the version that can be gone back to; 0: there is none."""
    buttons: tuple[Button, ...]
    expires: str
    zone: str
    """IANA zone in which instants are shown and edited."""


def approval_blocks(snapshot: ExecutionSnapshot, texts: Texts) -> tuple[ApprovalBlock, ...]:
    """Every pending question, oldest first; none once the execution is done."""
    if snapshot.execution.outcome is not None:
        return ()
    pending = (a for a in snapshot.approvals if a.status is ApprovalStatus.PENDING)
    return tuple(_block(approval, snapshot, texts) for approval in pending)


def fields_of(call: Call, texts: Texts) -> tuple[Field, ...]:
    """One row per argument of the call, known ones first."""
    return tuple(_field(name, call.arguments[name], texts) for name in _ordered(call.arguments))


def choice_label(approval: Approval, choice: str, texts: Texts) -> str:
    """What a choice of an approval is called: the engine's own ones have words per locale, the others are data."""
    if approval.kind is ApprovalKind.UNKNOWN_OUTCOME and texts.knows(f"outcome.{choice}"):
        return texts.say(f"outcome.{choice}")
    label = next((c.label for c in approval.choices if c.id == choice), "")
    return topic_choice(approval.topic, choice, texts) or shorten(reveal(label), 200) or choice


def subject_of(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts) -> str:
    """What an approval is about: its topic's words or its own title, else its step's, else the request."""
    words = asked(approval.topic, approval.title, approval.parameters, texts)
    if words is not None:
        return words.subject
    steps = snapshot.plan.steps if snapshot.plan else ()
    own = next((step.title for step in steps if step.id == approval.step_id), "")
    limit = QUESTION_CHARACTERS if approval.kind is ApprovalKind.QUESTION else 200
    return shorten(approval.title or own or snapshot.execution.request.text, limit)


def tried_at(approval: Approval, texts: Texts) -> Phrase:
    """When the effect whose outcome is asked about was last tried."""
    return when_tried(approval.parameters, approval.created_at, texts)


def when_tried(parameters: Mapping[str, str], asked_at: datetime, texts: Texts) -> Phrase:
    """The same, from a question's parts."""
    tried = parameters.get("at")
    return texts.at(datetime.fromisoformat(tried) if tried else asked_at, today=asked_at)


def call_news(call: Call, texts: Texts) -> tuple[Phrase, ...]:
    """When a call's meeting starts and who is named in it, for a line that notifies: read from the call, as the fields are."""
    starts = call.arguments.get("starts")
    people = dict.fromkeys(name for key in PEOPLE for name in _names(call.arguments.get(key)))
    named = [isolate(name) for name in list(people)[:MOST_NAMED]]
    if len(people) > MOST_NAMED:
        named.append(texts.say("result.and_more", n=len(people) - MOST_NAMED))
    news = [_start(starts, texts)] if isinstance(starts, str) and starts else []
    return (*news, *([Phrase(", ".join(named))] if named else []))


def _block(approval: Approval, snapshot: ExecutionSnapshot, texts: Texts) -> ApprovalBlock:
    kind = approval.kind
    steps = snapshot.plan.steps if snapshot.plan and kind is ApprovalKind.PLAN else ()
    about_step = kind is not ApprovalKind.PLAN
    title, lead = _heading(approval, texts)
    return ApprovalBlock(
        id=approval.id,
        kind=kind,
        topic=approval.topic,
        title=title,
        subject=subject_of(approval, snapshot, texts) if about_step else "",
        lead=lead,
        tool=texts.say("approval.tool", tool=f"{approval.call.tool} {approval.call.version}") if approval.call else "",
        fields=fields_of(approval.call, texts) if approval.call else (),
        drops=tuple(Droppable(id=step.id, title=shorten(step.title, 200)) for step in steps),
        back=max(approval.plan_version - 1, 0) if kind is ApprovalKind.PLAN else 0,
        buttons=tuple(_buttons(approval, texts)),
        expires=texts.say("approval.expires", when=texts.moment(approval.expires_at)) if approval.expires_at else "",
        zone=texts.zone.key,
    )


def _heading(approval: Approval, texts: Texts) -> tuple[str, str]:
    """The title of a block, and the line that says what the answers mean."""
    words = asked(approval.topic, approval.title, approval.parameters, texts)
    if words is not None:
        return words.title, words.lead
    changed = approval.kind is ApprovalKind.PLAN and approval.plan_version > 1
    name = "plan_changed" if changed else approval.kind.value
    if approval.kind is ApprovalKind.UNKNOWN_OUTCOME:
        return texts.say(f"approval.{name}", when=tried_at(approval, texts)), texts.say(f"approval.{name}_lead")
    open_choices = approval.kind is ApprovalKind.QUESTION and approval.choices
    return texts.say(f"approval.{name}"), texts.say(f"approval.{name}{'_choices' if open_choices else ''}_lead")


def _buttons(approval: Approval, texts: Texts) -> Iterable[Button]:
    match approval.kind:
        case ApprovalKind.GATE:
            wanted = (("approve", "primary"), ("edit", "plain"), ("reject", "danger"))
        case ApprovalKind.PLAN:
            back = (("back", "plain"),) if approval.plan_version > 1 else ()
            wanted = (("run", "primary"), ("change", "plain"), *back, ("drop", "danger"))
        case ApprovalKind.QUESTION:
            wanted = () if approval.topic else (("answer", "primary"),)
        case ApprovalKind.CHOICE | ApprovalKind.UNKNOWN_OUTCOME:
            wanted = ()
    for choice in approval.choices:
        label, tone = choice_label(approval, choice.id, texts), choice_tone(approval.topic, choice.id)
        yield Button(action="choose", label=label, tone=tone, approval=approval.id, choice=choice.id)
    for action, tone in wanted:
        label = (
            texts.say(f"action.{action}", n=approval.plan_version - 1)
            if action == "back"
            else texts.say(f"action.{action}")
        )
        yield Button(action=action, label=label, tone=tone, approval=approval.id)
    if approval.kind is ApprovalKind.CHOICE:
        yield Button(action="reject", label=texts.say("action.none_of_these"), tone="danger", approval=approval.id)


def _ordered(arguments: Mapping[str, JsonValue]) -> list[str]:
    first = [name for name in FIELD_ORDER if name in arguments]
    if arguments.get("cancel") is True:
        first.insert(0, first.pop(first.index("cancel")))
    return first + sorted(set(arguments) - set(first))


def _field(name: str, value: JsonValue, texts: Texts) -> Field:
    known = texts.knows(f"field.{name}")
    return Field(
        name=name,
        label=texts.say(f"field.{name}") if known else reveal(name),
        value=_shown(value, texts) or texts.say("approval.empty"),
        known=known,
        note="" if known else texts.say("approval.unknown_field"),
        input="fixed" if name in FIXED else _input(value),
        raw=value,
    )


def _shown(value: JsonValue, texts: Texts) -> str:
    match _input(value):
        case "instant":
            return _moment(str(value), texts)
        case "boolean":
            return texts.say("approval.yes" if value else "approval.no")
        case "lines":
            return "\n".join(reveal(str(line)) for line in _items(value))
        case "people":
            return "\n".join(_person(pair) for pair in _items(value))
        case "person":
            return _person(value)
        case "json":
            return "" if value is None else reveal(canonical(value))
        case _:
            return reveal(str(value))


def _input(value: JsonValue) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            if _INSTANT.fullmatch(value):
                return "instant"
            return "multiline" if "\n" in value or len(value) > _SHORT_TEXT else "text"
        case _:
            return _list_input(value)


def _list_input(value: JsonValue) -> str:
    if _is_person(value):
        return "person"
    if not isinstance(value, Sequence):
        return "json"
    items = _items(value)
    if items and all(_is_person(item) for item in items):
        return "people"
    return "lines" if all(isinstance(item, str) and "\n" not in item for item in items) else "json"


def _is_person(value: JsonValue) -> bool:
    """``{"name", "email"}``."""
    return (
        isinstance(value, Mapping)
        and set(value) == {"name", "email"}
        and all(isinstance(v, str) for v in value.values())
    )


def _items(value: JsonValue) -> list[JsonValue]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _person(value: JsonValue) -> str:
    if not isinstance(value, Mapping):
        return ""
    # On one line each, so that nobody looks like two people.
    name, address = (reveal(str(value.get(part) or "")).replace("\n", _LINE_END) for part in ("name", "email"))
    if not address:
        return name
    return f"{isolate(name)} <{isolate(address)}>" if name else address


def _moment(value: str, texts: Texts) -> str:
    try:
        return texts.moment(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return reveal(value)


def _start(value: str, texts: Texts) -> Phrase:
    shown = _moment(value, texts) if _INSTANT.fullmatch(value) else value
    return shown if isinstance(shown, Phrase) else Phrase(isolate(shorten(reveal(shown), _NAME)))


def _names(value: JsonValue) -> Iterable[str]:
    """What the people in an argument are called, or else their addresses."""
    for one in _items(value) or [value]:
        parts = (one.get("name"), one.get("email")) if isinstance(one, Mapping) else (one,)
        name = next((part for part in parts if isinstance(part, str) and part.strip()), "")
        if name:
            yield shorten(reveal(name), _NAME)
