"""Which form a button opens, and what it comes to when it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.door import Question
from bot.forms import decisions
from bot.forms.decisions import Filled, Read, block_of, refused_by_field
from bot.forms.edits import refused_field
from bot.presses import Press
from bot.render.approvals import ApprovalBlock
from bot.render.texts import Texts
from bot.slack.markup.forms import (
    TEXT,
    answer_view,
    change_view,
    details_view,
    drop_view,
    edit_step_view,
    edit_view,
    read_dropped,
    read_words,
    reason_view,
)
from bot.slack.markup.inputs import LIMITS
from engine.domain.json import JsonObject, JsonValue
from engine.errors import TizmorError

Values = Mapping[str, JsonValue]
"""What a form gives back, by block."""


def form_view(action: str, question: Question, press: Press, texts: Texts) -> JsonObject | None:
    """The form of an action; None where there is none, or the question is not open any more."""
    view, block = VIEWS.get(action), block_of(question, texts)
    return view(block, question.schema or {}, press, texts) if view is not None and block is not None else None


def read_form(action: str, question: Question, values: Values, texts: Texts, now: datetime) -> Read:
    """What was sent; words are by block."""
    block = block_of(question, texts)
    dropped = read_dropped(block, values) if block is not None else ()
    filled = Filled(values=values, dropped=dropped, words=read_words(values))
    return decisions.read_form(action, question, filled, texts, now, LIMITS)


def refusal_by_input(
    question: Question | None, values: Values, error: TizmorError, words: str, texts: Texts
) -> Mapping[str, str]:
    """Words about a form that is refused, under the input they are about: that of the argument the tool or the agent refused,
    else the first that was sent, because Slack takes them only there."""
    block = block_of(question, texts) if question is not None else None
    found = {**refused_by_field(block, error, texts), **_unfit(block, error, texts)}
    return {key: said for key, said in found.items() if key in values} or {next(iter(values), TEXT): words}


def _unfit(block: ApprovalBlock | None, error: TizmorError, texts: Texts) -> Mapping[str, str]:
    """Words for each argument that does not fit a step: what is wrong begins with the argument's name."""
    if block is None or error.code != "inputs_invalid":
        return {}
    names = [fault.partition(":")[0] for fault in error.parameters.get("faults", "").split("; ")]
    return {key: said for name in names for key, said in refused_field(block, name, texts).items()}


def _details(block: ApprovalBlock, schema: JsonObject, press: Press, texts: Texts) -> JsonObject:
    del schema
    return details_view(block, press, texts, page=int(press.choice) if press.choice.isdecimal() else 0)


VIEWS: Mapping[str, Callable[[ApprovalBlock, JsonObject, Press, Texts], JsonObject]] = {
    "edit": edit_view,
    "edit_step": edit_step_view,
    "reject": lambda block, _, press, texts: reason_view(block, press, texts),
    "drop": lambda block, _, press, texts: drop_view(block, press, texts),
    "change": lambda block, _, press, texts: change_view(block, press, texts),
    "answer": lambda block, _, press, texts: answer_view(block, press, texts),
    "details": _details,
}
"""By the action of the button that opens it."""
