"""The question which of several candidates is meant."""

from __future__ import annotations

from datetime import datetime

from engine.domain.approval import Approval, ApprovalKind, Choice
from engine.domain.artifact import Contact, Contacts, Person, dump, load
from engine.domain.ids import ApprovalId, ChoiceId, StepId
from engine.domain.request import dominant_locale
from engine.domain.snapshot import ExecutionSnapshot
from engine.errors import InternalError
from engine.ports.clock import IdSource
from engine.safety.questions import timed

MAX_CHOICES = 10


def choice_among(snapshot: ExecutionSnapshot, producer: StepId, ids: IdSource, now: datetime) -> Approval:
    """The choice among a step's candidates; each choice carries the typed pick it stands for.

    Raises:
        InternalError: ``artifact_mistyped``: the step gave no candidates.
    """
    contacts = load(snapshot.artifacts[producer])
    if not isinstance(contacts, Contacts):
        raise InternalError("artifact_mistyped", f"Step {producer} gave {contacts.kind}, not candidates.")
    execution = snapshot.execution
    choices = tuple(
        Choice(
            id=ChoiceId(contact.id),
            label=_label(contact, execution.request.locale),
            artifact=dump(Person(contact=contact)),
        )
        for contact in contacts.items[:MAX_CHOICES]
    )
    return timed(
        Approval(
            id=ApprovalId(ids.new()),
            execution_id=execution.id,
            kind=ApprovalKind.CHOICE,
            plan_version=execution.plan_version,
            created_at=now,
            step_id=producer,
            title=contacts.query,
            choices=choices,
        )
    )


def _label(contact: Contact, locale: str) -> str:
    names = (contact.name, *contact.aliases)
    name = next((n for n in names if " " in n and dominant_locale(n) == locale), contact.name)
    known = ", ".join(part for part in (contact.title, contact.organisation, contact.email) if part)
    return f"{name} ({known})" if known else name
