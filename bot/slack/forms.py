"""Which form a button opens, and which decision it comes to when it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.door import Question
from bot.presses import Press
from bot.render.approvals import ApprovalBlock, approval_blocks
from bot.render.texts import Texts
from bot.slack.markup.forms import (
    TEXT,
    answer_view,
    change_view,
    details_view,
    drop_view,
    edit_view,
    read_change,
    read_edit,
    read_words,
    reason_view,
    refused_block,
)
from engine.domain.approval import Decision, DecisionVerb
from engine.domain.json import JsonObject, JsonValue
from engine.errors import TizmorError

Values = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a form that was sent comes to."""

    decision: Decision | None = None
    """None with errors."""
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    """Words by block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One kind of form about an approval."""

    view: Callable[[ApprovalBlock, JsonObject, Press, Texts], JsonObject]
    read: Callable[[ApprovalBlock, JsonObject, Values, Texts], Read]


def block_of(question: Question, texts: Texts) -> ApprovalBlock | None:
    """The question as its form shows it; None where it is not open any more."""
    blocks = approval_blocks(question.snapshot, texts)
    return next((block for block in blocks if block.id == question.approval.id), None)


def form_view(action: str, question: Question, press: Press, texts: Texts) -> JsonObject | None:
    """The form of an action; None where there is none, or the question is not open any more."""
    form, block = FORMS.get(action), block_of(question, texts)
    if form is None or block is None:
        return None
    return form.view(block, question.schema or {}, press, texts)


def read_form(action: str, question: Question, values: Values, texts: Texts, now: datetime) -> Read:
    """What was sent. Of a question that is not open any more nothing is read: the decision itself says so."""
    form, block = FORMS.get(action), block_of(question, texts)
    if form is None:
        return Read()
    if block is None:
        return Read(decision=Decision(verb=DecisionVerb.REJECT, comment=""))
    read = form.read(block, question.schema or {}, values, texts)
    passed = _moved_into_the_past(block, read, texts, now)
    return Read(errors=passed) if passed else read


def _moved_into_the_past(block: ApprovalBlock, read: Read, texts: Texts, now: datetime) -> dict[str, str]:
    """Words under every instant that was changed to one that has passed: a slip in a picker, not a wish."""
    arguments = (read.decision.arguments if read.decision else None) or {}
    found: dict[str, str] = {}
    for shown in block.fields:
        chosen = arguments.get(shown.name)
        if shown.input == "instant" and chosen != shown.raw and isinstance(chosen, str):
            moment = datetime.fromisoformat(chosen)
            if moment.tzinfo is not None and moment < now:
                found |= dict.fromkeys(refused_block(block, shown.name, texts), texts.error("slot_past"))
    return found


def refusal_by_input(
    question: Question | None, values: Values, error: TizmorError, words: str, texts: Texts
) -> Mapping[str, str]:
    """Words about a form that is refused, under the input they are about: that of the argument the tool refused, else the
    first that was sent, because Slack takes them only there."""
    block, path = block_of(question, texts) if question is not None else None, error.parameters.get("field", "")
    found = refused_block(block, path, texts) if block is not None and path else {}
    return found or {next(iter(values), TEXT): words}


def _read_edit(block: ApprovalBlock, schema: JsonObject, values: Values, texts: Texts) -> Read:
    arguments, errors = read_edit(block, schema, values, texts)
    return Read(errors=errors) if errors else Read(decision=Decision(verb=DecisionVerb.MODIFY, arguments=arguments))


def _read_change(block: ApprovalBlock, schema: JsonObject, values: Values, texts: Texts) -> Read:
    del schema
    change, errors = read_change(block, values, texts)
    return Read(errors=errors) if errors else Read(decision=Decision(verb=DecisionVerb.MODIFY, arguments=change))


def _read_reason(block: ApprovalBlock, schema: JsonObject, values: Values, texts: Texts) -> Read:
    del block, schema, texts
    return Read(decision=Decision(verb=DecisionVerb.REJECT, comment=read_words(values) or None))


def _read_answer(block: ApprovalBlock, schema: JsonObject, values: Values, texts: Texts) -> Read:
    del block, schema, texts
    return Read(decision=Decision(verb=DecisionVerb.ANSWER, answer=read_words(values)))


def _read_nothing(block: ApprovalBlock, schema: JsonObject, values: Values, texts: Texts) -> Read:
    del block, schema, values, texts
    return Read()


def _details(block: ApprovalBlock, schema: JsonObject, press: Press, texts: Texts) -> JsonObject:
    del schema
    return details_view(block, press, texts, page=int(press.choice) if press.choice.isdecimal() else 0)


FORMS: Mapping[str, Form] = {
    "edit": Form(view=edit_view, read=_read_edit),
    "reject": Form(view=lambda block, _, press, texts: reason_view(block, press, texts), read=_read_reason),
    "drop": Form(view=lambda block, _, press, texts: drop_view(block, press, texts), read=_read_reason),
    "change": Form(view=lambda block, _, press, texts: change_view(block, press, texts), read=_read_change),
    "answer": Form(view=lambda block, _, press, texts: answer_view(block, press, texts), read=_read_answer),
    "details": Form(view=_details, read=_read_nothing),
}
"""By the action of the button that opens it."""
