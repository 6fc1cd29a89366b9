"""Which decision a form comes to, by the action of the button that opened it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.door import Question
from bot.forms.edits import asked_fields, read_edit, refused_field
from bot.forms.reading import Asked
from bot.forms.rules import Limits
from bot.render.approvals import ApprovalBlock, approval_blocks
from bot.render.texts import Texts
from engine.domain.approval import Decision, DecisionVerb
from engine.domain.json import JsonObject, JsonValue
from engine.errors import TizmorError

WORDS = "text"
"""Key of what is written into a form in words, among what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was filled into a form."""

    values: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """Of a call's arguments, by key."""
    dropped: Collection[int] = ()
    """Of a plan's steps, by their place in :attr:`bot.render.approvals.ApprovalBlock.drops`."""
    words: str = ""
    """A reason, an answer, or what else should be different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a filled form comes to."""

    decision: Decision | None = None
    """None with errors."""
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    """Words by key."""


def block_of(question: Question, texts: Texts) -> ApprovalBlock | None:
    """The question as its form shows it; None where it is not open any more."""
    blocks = approval_blocks(question.snapshot, texts)
    return next((block for block in blocks if block.id == question.approval.id), None)


def words_of(value: JsonValue) -> str:
    """What was written, with plain line ends and nothing around it; empty for nothing."""
    return str(value or "").replace("\r\n", "\n").strip()


def read_form(action: str, question: Question, filled: Filled, texts: Texts, now: datetime, limits: Limits) -> Read:
    """What a form comes to: nothing where its action has none. Of a question that is not open any more nothing is read,
    the decision itself says so.

    Args:
        action: of the button that opened the form.
        question: what it is about.
        filled: what was put in.
        texts: the person's language.
        now: an instant that was changed to one before this is a slip.
        limits: of the chat's inputs, with which the form was made.
    """
    reader, block = _READERS.get(action), block_of(question, texts)
    if reader is None:
        return Read()
    if block is None:
        return Read(decision=Decision(verb=DecisionVerb.REJECT, comment=""))
    read = reader(block, asked_fields(block, question.schema or {}, limits), filled, texts)
    passed = _moved_into_the_past(block, read, texts, now)
    return Read(errors=passed) if passed else read


def refused_by_field(block: ApprovalBlock | None, error: TizmorError, texts: Texts) -> Mapping[str, str]:
    """Words about a form that is refused, by key of the field they are about; empty where they are about none.

    Args:
        block: the question, where it is still open.
        error: of the door.
        texts: the person's language.
    """
    path = error.parameters.get("field", "")
    return refused_field(block, path, texts) if block is not None and path else {}


def _moved_into_the_past(block: ApprovalBlock, read: Read, texts: Texts, now: datetime) -> dict[str, str]:
    """Words at every instant that was changed to one that has passed: a slip in a picker, not a wish."""
    arguments = (read.decision.arguments if read.decision else None) or {}
    found: dict[str, str] = {}
    for shown in block.fields:
        chosen = arguments.get(shown.name)
        if shown.input == "instant" and chosen != shown.raw:
            moment = _instant(chosen)
            if moment is not None and moment < now:
                found |= dict.fromkeys(refused_field(block, shown.name, texts), texts.error("slot_past"))
    return found


def _instant(value: JsonValue) -> datetime | None:
    """An instant with its offset. What was one may be other words, where the schema asks for no more than a text."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _read_edit(block: ApprovalBlock, fields: list[Asked], filled: Filled, texts: Texts) -> Read:
    del block
    arguments, errors = read_edit(fields, filled.values, texts)
    return Read(errors=errors) if errors else Read(decision=Decision(verb=DecisionVerb.MODIFY, arguments=arguments))


def _read_change(block: ApprovalBlock, fields: list[Asked], filled: Filled, texts: Texts) -> Read:
    del fields
    drop: list[JsonValue] = [step.id for place, step in enumerate(block.drops) if place in filled.dropped]
    found: JsonObject = {**({"drop": drop} if drop else {}), **({"text": filled.words} if filled.words else {})}
    if not found:
        return Read(errors={WORDS: texts.say("chat.form.nothing")})
    return Read(decision=Decision(verb=DecisionVerb.MODIFY, arguments=found))


def _read_reason(block: ApprovalBlock, fields: list[Asked], filled: Filled, texts: Texts) -> Read:
    del block, fields, texts
    return Read(decision=Decision(verb=DecisionVerb.REJECT, comment=filled.words or None))


def _read_answer(block: ApprovalBlock, fields: list[Asked], filled: Filled, texts: Texts) -> Read:
    del block, fields, texts
    return Read(decision=Decision(verb=DecisionVerb.ANSWER, answer=filled.words))


_READERS: Mapping[str, Callable[[ApprovalBlock, list[Asked], Filled, Texts], Read]] = {
    "edit": _read_edit,
    "edit_step": _read_edit,
    "reject": _read_reason,
    "drop": _read_reason,
    "change": _read_change,
    "answer": _read_answer,
}
"""By the action of the button that opens the form."""
