"""A form that somebody fills in by buttons and messages: where it stands, and what each press or answer makes of it. Pure.

A form is about one approval and one person's in one chat. Everything it knows is in its :class:`Draft`, which is kept after
every step; how it looks is made from that, in :mod:`bot.telegram.form_pages`; :mod:`bot.telegram.form` does what comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from bot.door import Question
from bot.forms.decisions import WORDS, Filled, Read, block_of, read_form, words_of
from bot.forms.edits import asked_fields, read_edit
from bot.forms.reading import Asked, UnfitError, read_input
from bot.forms.rules import Limits
from bot.presses import Press
from bot.render.approvals import ApprovalBlock
from bot.render.texts import Texts, texts_of
from bot.telegram.address import Talk, talk_of, user_of
from bot.telegram.typed import typed_value
from engine.domain.approval import Decision, DecisionVerb
from engine.domain.json import JsonObject, JsonValue, canonical

LIMITS = Limits(text=3_000, options=60)
"""A value is shown whole in the question about it; a message has a hundred buttons at most."""

PAGE = 8
"""Fields or steps on one page of a form."""

AT_ONCE = frozenset({"reject", "drop", "answer"})
"""Forms that ask for words and nothing else: what is answered is sent."""

BY_FIELD = frozenset({"edit", "edit_step"})
"""Forms that ask for one argument after another."""

UNSEEN = -1
"""A message that may have been sent: nobody knows its number."""

_VERSION = 1
_MOST_PROMPTS = 20
_OP = re.compile(r"([a-z])(?:([0-9]{1,4})(?:-([0-9]{1,4}))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A form as it is kept."""

    approval: str
    action: str
    """Of the button that opened it: ``edit``, ``edit_step``, ``change``, ``reject``, ``drop`` or ``answer``."""
    handled: str
    """Key of the last delivery that changed it: handled again, it changes nothing."""
    about: int = 0
    """The message it was opened from; 0: nobody knows that it is ours."""
    opened: float = 0
    """When, in seconds since 1970."""
    message: int = 0
    """Ours that shows it; 0: not sent yet."""
    left: int = 0
    """Ours that showed it before, or showed the form in whose place it came: its buttons are still to be taken away; 0: none."""
    was: int = 0
    """The last of ours that showed this form before; 0: none. What was pressed there is meant for this form."""
    prompt: int = 0
    """Ours that asks for a reply to it, where only replies reach us; 0: none, or not sent yet; :data:`UNSEEN`."""
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    """What each such message of this form asked for, by its number: a reply to an earlier one is about that."""
    asked: str = ""
    """Key of what an answer would be about; empty: nothing is asked."""
    page: int = 0
    values: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What was put in, by key, as :func:`bot.forms.reading.read_input` takes it; what was left alone is not in it."""
    dropped: tuple[int, ...] = ()
    """Places of a plan's steps that are to be left out."""
    words: str = ""
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is wrong, by key, in the request's language; what is about no field stands under :data:`WORDS`."""
    sending: JsonObject | None = None
    """The decision, from before it is made until it is known what came of it; read back with :func:`decision_of`."""
    over: str = ""
    """How it ended, in the request's language; empty while it is open. It stays that way until it is forgotten, so that
    what ended it changes nothing when it is handled again."""

    def to_json(self) -> JsonObject:
        """For :class:`engine.ports.drafts.FormDrafts`."""
        return {"version": _VERSION, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a form is about, as that stands now."""

    question: Question
    block: ApprovalBlock
    fields: Sequence[Asked]
    texts: Texts
    """The language of the request, and the zone of who asked it: in that, instants are shown and typed."""
    now: datetime
    user: int
    """Whose form it is: nobody else may press its buttons."""
    private: bool
    """Every message is read; in a group, only replies to us are."""
    root: int = 0
    """Their own message that began the conversation, in this chat; 0: there is none."""

    def asked(self, key: str) -> Asked | None:
        """A field that can be edited, by its key."""
        return next((one for one in self.fields if one.key == key and one.rule.kind != "fixed"), None)

    def at(self, place: int) -> Asked | None:
        """A field that can be edited, by its place among all."""
        return self.asked(self.fields[place].key) if 0 <= place < len(self.fields) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a press or an answer makes of a form."""

    draft: Draft
    notice: str = ""
    """Words for whoever pressed, beside what the form shows."""
    send: bool = False
    """It is to be decided now."""
    check: str = ""
    """Key of a field that was just changed: what the tool says of it belongs to it."""


def draft_of(kept: JsonObject | None) -> Draft | None:
    """Read a form back; None where there is none, or one of a version that is not known any more."""
    if kept is None or kept.get("version") != _VERSION:
        return None
    found = {name: value for name, value in kept.items() if name != "version"}
    draft = Draft(**cast("dict[str, Any]", found))
    return replace(draft, dropped=tuple(draft.dropped))


def scene_of(question: Question, now: datetime, user: int, where: Talk) -> Scene | None:
    """What a form about a question needs; None where the question is not open any more.

    Args:
        question: as it stands.
        now: the clock's.
        user: whose form it is.
        where: the chat the form is in.
    """
    request = question.snapshot.execution.request
    texts = texts_of(question.snapshot)
    block = block_of(question, texts)
    if block is None:
        return None
    fields = asked_fields(block, question.schema or {}, LIMITS)
    began = talk_of(request.conversation_id)
    theirs = began is not None and began.chat == where.chat and user_of(request.user_id) == user
    return Scene(
        question=question,
        block=block,
        fields=fields,
        texts=texts,
        now=now,
        user=user,
        private=where.private,
        root=began.root if began is not None and theirs else 0,
    )


def choice_of(op: str, user: int) -> str:
    """What a button of a form carries: what it does, and whose it is."""
    return f"{op}.{user}"


def is_of(owner: str, user: int) -> bool:
    """Is the button of a form this person's?"""
    return owner == str(user)


def begin(press: Press, scene: Scene, key: str, about: int, before: Draft | None) -> Draft:
    """A new form. What was put into an earlier one about the same stays in it."""
    opened, left = scene.now.timestamp(), before.message or before.left if before is not None and not before.over else 0
    draft = Draft(approval=press.approval, action=press.action, handled=key, about=about, opened=opened, left=left)
    same = before is not None and not before.over and (before.approval, before.action) == (draft.approval, draft.action)
    if before is not None and same:
        draft = replace(draft, values=before.values, dropped=before.dropped, words=before.words, prompts=before.prompts)
    if draft.action in AT_ONCE:
        return replace(draft, asked=WORDS, words="")
    alone = [one.key for one in scene.fields if scene.asked(one.key)]
    return replace(draft, asked=alone[0]) if draft.action in BY_FIELD and len(alone) == 1 else draft


def pressed(draft: Draft, op: str, scene: Scene) -> Turn:
    """What a button of the form does to it; one that fits nothing does nothing."""
    match = _OP.fullmatch(op)
    letter, place = (match[1], int(match[2] or -1)) if match else ("", -1)
    match letter:
        case "x":
            key = "step_cancelled" if draft.action == "edit_step" else "cancelled"
            return Turn(draft=replace(draft, over=scene.texts.say(f"telegram_form.{key}"), asked=""))
        case "s":
            return _send(draft, scene)
        case "p" if place >= 0:
            return Turn(draft=replace(draft, page=place))
        case "t" if draft.action == "change" and 0 <= place < len(scene.block.drops):
            return Turn(draft=replace(draft, dropped=_toggled(draft.dropped, place), errors={}))
        case "w" if draft.action == "change":
            return Turn(draft=replace(draft, asked=WORDS, prompt=0, errors={}))
        case "k":
            return Turn(draft=replace(draft, asked="" if draft.action not in AT_ONCE else draft.asked, errors={}))
        case "f" | "v" | "e" | "o" if draft.action in BY_FIELD:
            asked = scene.at(place)
            return (
                Turn(draft=draft)
                if asked is None
                else _field(draft, letter, int((match and match[3]) or 0), asked, scene)
            )
        case _:
            return Turn(draft=draft)


def answered(draft: Draft, text: str, reply_to: int, scene: Scene) -> Turn:
    """What an answer does to the form: to what is asked, or to what the message asked that it is a reply to."""
    draft = replace(draft, asked=draft.prompts.get(str(reply_to), draft.asked))
    asked = scene.asked(draft.asked)
    if draft.asked == WORDS:
        said = replace(draft, words=words_of(text), errors={})
        return Turn(draft=said, send=True) if draft.action in AT_ONCE else Turn(draft=replace(said, asked=""))
    if asked is None:
        return Turn(draft=replace(draft, asked=""))
    try:
        value = typed_value(asked, text, arguments(draft, scene).get(asked.field.name), scene.texts, scene.now)
    except UnfitError as error:
        return Turn(draft=_unfit(draft, asked, error.words))
    return _put(draft, asked, value, scene)


def arguments(draft: Draft, scene: Scene) -> dict[str, JsonValue]:
    """All of a call's arguments, as they stand in the form."""
    return read_edit(scene.fields, draft.values, scene.texts)[0]


def read(draft: Draft, scene: Scene) -> Read:
    """What the form comes to, as it stands."""
    filled = Filled(values=draft.values, dropped=draft.dropped, words=draft.words)
    return read_form(draft.action, scene.question, filled, scene.texts, scene.now, LIMITS)


def sent(draft: Draft, decision: Decision) -> Draft:
    """The form while its decision is made."""
    told: JsonObject = {
        "verb": decision.verb.value,
        "arguments": decision.arguments,
        "answer": decision.answer,
        "comment": decision.comment,
    }
    return replace(draft, sending=told, errors={}, asked="" if draft.action not in AT_ONCE else draft.asked)


def decision_of(sending: JsonObject) -> Decision:
    """The decision that is being made."""
    arguments, answer, comment = (sending.get(name) for name in ("arguments", "answer", "comment"))
    return Decision(
        verb=DecisionVerb(str(sending["verb"])),
        arguments=arguments if isinstance(arguments, Mapping) else None,
        answer=answer if isinstance(answer, str) else None,
        comment=comment if isinstance(comment, str) else None,
    )


def prompted(draft: Draft, message: int) -> Draft:
    """The form after a message of ours asked for what it asks, or, :data:`UNSEEN`, may have."""
    if message == UNSEEN:
        return replace(draft, prompt=message)
    prompts = {**draft.prompts, str(message): draft.asked}
    latest = sorted(prompts, key=int)[-_MOST_PROMPTS:]
    return replace(draft, prompt=message, prompts={number: prompts[number] for number in latest})


def below(draft: Draft) -> Draft:
    """The form to be shown below what was written to it: above that, nobody sees that anything changed."""
    before = draft.message or draft.left
    return replace(draft, message=0, left=before, was=before, prompt=0)


def wrong(draft: Draft, errors: Mapping[str, str], scene: Scene) -> Draft:
    """The form after it was found out what is wrong with it, on the page where the first of that is."""
    places = [place for place, one in enumerate(scene.fields) if one.key in errors]
    page = places[0] // PAGE if places else draft.page
    return replace(draft, sending=None, prompt=0, errors=errors, page=page)


def taken_back(draft: Draft, before: Draft, key: str, words: str) -> Draft:
    """The form after a value that was just put in was found out not to fit: it is asked for again."""
    return replace(draft, values=before.values, asked=key, prompt=0, errors={key: words})


def done(draft: Draft, words: str) -> Draft:
    """The form once its decision was taken. The plan sheet that a step was edited from is out of date then: nothing of it is
    left to be pressed."""
    left = draft.about if draft.action == "edit_step" and not draft.left else draft.left
    return replace(draft, sending=None, asked="", errors={}, left=left, over=words)


def _send(draft: Draft, scene: Scene) -> Turn:
    if draft.action in BY_FIELD and not draft.values:
        return Turn(draft=draft, notice=scene.texts.say("telegram_form.nothing_changed"))
    if draft.action == "change" and not (draft.dropped or draft.words):
        return Turn(draft=draft, notice=scene.texts.say("chat.form.nothing"))
    if draft.action == "answer":
        return Turn(draft=draft)
    return Turn(draft=replace(draft, errors={}), send=True)


def _field(draft: Draft, letter: str, choice: int, asked: Asked, scene: Scene) -> Turn:
    if letter == "f":
        return Turn(draft=replace(draft, asked=asked.key, prompt=0, errors={}))
    if draft.asked != asked.key:
        return Turn(draft=draft)  # a button of an earlier question, pressed late
    if letter == "o":
        rest = {key: value for key, value in draft.values.items() if key != asked.key}
        return Turn(draft=replace(draft, values=rest, asked="", errors={}))
    if letter == "e":
        return _put(draft, asked, None, scene)
    value = str(choice) if asked.rule.kind == "choice" else ("false", "true")[choice % 2]
    return _put(draft, asked, value, scene)


def _put(draft: Draft, asked: Asked, value: JsonValue, scene: Scene) -> Turn:
    try:
        found = read_input(asked, value, scene.texts)
    except UnfitError as error:
        return Turn(draft=_unfit(draft, asked, error.words))
    values = {key: kept for key, kept in draft.values.items() if key != asked.key}
    if canonical(found) != canonical(asked.field.raw):
        values[asked.key] = value
    return Turn(draft=replace(draft, values=values, asked="", errors={}), check=asked.key)


def _unfit(draft: Draft, asked: Asked, words: str) -> Draft:
    return replace(draft, errors={asked.key: words}, prompt=0)


def _toggled(dropped: Sequence[int], place: int) -> tuple[int, ...]:
    return tuple(sorted(set(dropped) ^ {place}))
