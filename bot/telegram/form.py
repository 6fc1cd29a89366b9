"""Guided forms: opened by a button, filled in with buttons and messages, and decided through the door.

Every step is kept before anything is shown, and a delivery that is handled again, as after a crash, only shows again what
came of it. What a form does is in :mod:`bot.telegram.form_state`, how it looks in :mod:`bot.telegram.form_pages`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.commands import Command, steering
from bot.door import Question
from bot.forms.decisions import WORDS, refused_by_field
from bot.presses import Press
from bot.pressing import unknown_button
from bot.refusals import Refusals
from bot.render.texts import Texts, texts_of
from bot.step_questions import was_edited
from bot.telegram.address import Talk, user_of
from bot.telegram.form_asked import Door, Lapsed, asked
from bot.telegram.form_pages import done_words, is_given_up
from bot.telegram.form_shelf import FormShelf, Holder, Messages
from bot.telegram.form_state import (
    AT_ONCE,
    BY_FIELD,
    Draft,
    Scene,
    Turn,
    answered,
    begin,
    below,
    decision_of,
    done,
    is_of,
    pressed,
    read,
    scene_of,
    sent,
    taken_back,
    wrong,
)
from engine.domain.approval import ApprovalStatus, Decision, DecisionVerb
from engine.domain.request import dominant_locale
from engine.domain.tenant import Principal
from engine.errors import ConflictError, IntegrationError, NotAllowedError, NotFoundError, TizmorError
from engine.ports.clock import Clock
from engine.ports.drafts import FormDrafts

FORMS = AT_ONCE | BY_FIELD | {"change"}
"""Actions of buttons that open one."""

REASON_AWAITED = timedelta(minutes=5)
"""So long after a reason was asked for, in private, what is written is one; later, only a reply is."""

_REASONS = frozenset({"reject", "drop"})
_MADE = {
    DecisionVerb.MODIFY: ApprovalStatus.MODIFIED,
    DecisionVerb.REJECT: ApprovalStatus.REJECTED,
    DecisionVerb.ANSWER: ApprovalStatus.APPROVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message was an answer to a form."""

    words: str = ""
    """To be said besides what the form shows."""


class Forms:
    """The forms of one bot.

    Args:
        door: through which questions are read and decided.
        drafts: where forms are kept.
        messages: Telegram.
        refusals: words for what the door refuses.
        clock: what "tomorrow" and "past" are counted from.
        timezone: of words about a form whose question nobody may see any more.
    """

    def __init__(
        self,
        *,
        door: Door,
        drafts: FormDrafts,
        messages: Messages,
        refusals: Refusals,
        clock: Clock,
        timezone: str,
    ) -> None:
        self._door = door
        self._shelf = FormShelf(drafts, messages, clock)
        self._refusals = refusals
        self._clock = clock
        self._timezone = timezone

    async def open(
        self, principal: Principal, press: Press, question: Question, where: Talk, message: int, key: str
    ) -> str:
        """Open the form of a button, in the place of another form of this person's here.

        Args:
            principal: who pressed.
            press: the button's.
            question: what it is about, open.
            where: the chat, and the topic.
            message: the button's; 0: nobody knows that it is ours.
            key: of the delivery; the same one again opens no second form.

        Returns:
            Words for whoever pressed; empty where the form says everything.

        Raises:
            RequestError: ``button_unknown``.
            UnavailableError: handle the delivery again.
        """
        user = user_of(principal.id)
        scene = self._scene(question, user or 0, where)
        if user is None or scene is None or press.action not in FORMS:
            raise unknown_button(press.action)
        holder = Holder(principal=principal, user=user, where=where, key=key)
        draft = before = await self._shelf.read(holder)
        if draft is None or draft.handled != key:
            draft = begin(press, scene, key, message, before)
            await self._shelf.keep(holder, draft)
        why = await self._shelf.show(holder, draft, scene, scene.texts)
        if why:
            await self._shelf.restore(holder, before)
        return _unshown(why, draft, scene.texts)

    async def pressed(
        self, principal: Principal, press: Press, where: Talk, message: int, key: str, *, known: bool
    ) -> str:
        """A button of a form.

        Args:
            principal: who pressed.
            press: with the form's approval, and what the button does as its choice.
            where: the chat, and the topic.
            message: the button's.
            key: of the delivery.
            known: the message is seen to have this button, so that it is a form of ours.

        Returns:
            Words for whoever pressed; empty where the form says everything.

        Raises:
            RequestError: nobody may decide that, or not this person.
            UnavailableError: handle the delivery again.
        """
        found = await asked(self._door, principal, press.approval)
        texts, user = texts_of(found.snapshot), user_of(principal.id)
        op, _, owner = press.choice.partition(".")
        if user is None or not is_of(owner, user):
            return texts.say("conversation.not_yours")
        holder = Holder(principal=principal, user=user, where=where, key=key)
        draft = await self._shelf.read(holder)
        if draft is None or draft.approval != press.approval or message not in {draft.message, draft.was}:
            if known:
                await self._shelf.end(where, message, texts.say("telegram_form.closed"), texts)
            return texts.say("telegram_form.closed")
        return await self._step(holder, draft, found, lambda scene: pressed(draft, op, scene))

    async def said(self, principal: Principal, where: Talk, text: str, reply_to: int, key: str) -> Taken | None:
        """A message, which may be an answer to what a form asks: in a group, one that is a reply to the form or its question;
        in private, any while something is asked, but a reason only soon after it was asked for. Words that steer a task are
        none, so that ``stop`` always stops; words that give something up, such as ``cancel``, give up the form, while
        something is asked: the question stays open.

        Args:
            principal: who wrote.
            where: the chat, and the topic.
            text: what was written; commands and forwarded messages are not to be handed in.
            reply_to: the message it is a reply to; 0: none.
            key: of the delivery.

        Returns:
            None: it is no answer to a form, and goes on as any message.

        Raises:
            UnavailableError: handle the delivery again.
        """
        user = user_of(principal.id)
        if user is None:
            return None
        holder = Holder(principal=principal, user=user, where=where, key=key)
        draft = await self._shelf.read(holder)
        if draft is None or not (draft.handled == key or self._is_answer(draft, where, text, reply_to)):
            return None
        if draft.over and draft.handled != key:
            return Taken(words=Texts(dominant_locale(text), self._timezone).say("telegram_form.closed"))
        try:
            found = await asked(self._door, principal, draft.approval)
        except IntegrationError:
            raise
        except TizmorError as error:
            texts = Texts(dominant_locale(text), self._timezone)
            words = await self._refusals.words(error, texts)
            await self._shelf.keep(holder, replace(draft, handled=key, asked="", over=words))
            await self._shelf.end(where, draft.message, words, texts)
            return Taken()
        if is_given_up(text):
            words = await self._step(holder, draft, found, lambda scene: pressed(draft, "x", scene))
        else:
            words = await self._step(
                holder, draft, found, lambda scene: answered(draft, text, reply_to, scene), typed=True
            )
        return Taken(words=words)

    # What one delivery does to a form.

    def _is_answer(self, draft: Draft, where: Talk, text: str, reply_to: int) -> bool:
        """Is a message an answer to what the form asks?"""
        asks = bool(draft.asked) and not draft.over
        forms = {draft.message, draft.was, draft.about} - {0}
        replied = str(reply_to) in draft.prompts or (asks and reply_to in forms)
        if not text.strip() or not (replied or (asks and where.private and not reply_to and self._listens(draft))):
            return False
        given = steering(text)
        if given is None or is_given_up(text):
            return draft.action not in _REASONS or not text.lstrip().startswith("/")
        # A greeting asks for help, unless it was clearly written as an answer: a meeting may be called "Hello".
        return given.command is Command.HELP and replied and draft.action not in _REASONS

    def _listens(self, draft: Draft) -> bool:
        """Is whatever is written meant for the form? A reason ends the question, and may be left unsaid: what is written
        long after it was asked for may be about anything."""
        opened = datetime.fromtimestamp(draft.opened, UTC)
        return draft.action not in _REASONS or self._clock.now() <= opened + REASON_AWAITED

    async def _step(
        self,
        holder: Holder,
        draft: Draft,
        found: Question | Lapsed,
        act: Callable[[Scene], Turn],
        *,
        typed: bool = False,
    ) -> str:
        if isinstance(found, Lapsed):
            return await self._lapse(holder, draft, found)
        question = found
        scene = self._scene(question, holder.user, holder.where)
        again = draft.handled == holder.key
        if draft.sending is not None:
            draft = await self._decide(holder, draft, question, scene, again=True)
        elif scene is None and not draft.over:
            words = await self._why_closed(holder.principal, question)
            draft = replace(draft, handled=holder.key, asked="", over=words)
            await self._shelf.keep(holder, draft)
        elif scene is not None and not draft.over and not again:
            return await self._act(holder, draft, scene, act(scene), typed=typed)
        why = await self._shelf.show(holder, draft, scene, texts_of(question.snapshot))
        return _unshown(why, draft, texts_of(question.snapshot))

    async def _lapse(self, holder: Holder, draft: Draft, lapsed: Lapsed) -> str:
        """End the form of a step that cannot be edited any more; it was edited by this very form where that had got so far."""
        texts = texts_of(lapsed.snapshot)
        if not draft.over:
            if draft.sending is not None and _was_edited(lapsed, draft, holder.principal):
                draft = done(draft, done_words(draft, texts))
            else:
                draft = replace(draft, sending=None, asked="", over=await self._refusals.words(lapsed.error, texts))
            draft = replace(draft, handled=holder.key)
            await self._shelf.keep(holder, draft)
        why = await self._shelf.show(holder, draft, None, texts)
        return _unshown(why, draft, texts)

    async def _act(self, holder: Holder, before: Draft, scene: Scene, turn: Turn, *, typed: bool) -> str:
        draft = replace(turn.draft, handled=holder.key)
        if turn.check:
            draft = await self._checked(holder, before, draft, scene, turn.check)
        found = read(draft, scene) if turn.send else None
        if found is not None and found.decision is not None:
            draft = sent(draft, found.decision)
            await self._shelf.keep(holder, draft)
            draft = await self._decide(holder, draft, scene.question, scene, again=False)
        else:
            draft = draft if found is None else wrong(draft, found.errors, scene)
            # In a group every message counts, and the one that asked for the reply showed where to look.
            draft = below(draft) if typed and scene.private else draft
            await self._shelf.keep(holder, draft)
        why = await self._shelf.show(holder, draft, scene, scene.texts)
        if why and not typed and not draft.over:  # pressed again, the button does the same again
            await self._shelf.keep(holder, replace(before, handled=holder.key))
        return _unshown(why, draft, scene.texts) or turn.notice

    async def _checked(self, holder: Holder, before: Draft, draft: Draft, scene: Scene, key: str) -> Draft:
        """The form after the tool was asked about a value that was just put in."""
        found = read(draft, scene)
        errors = found.errors
        if found.decision is not None and draft.values:
            try:
                await self._door.check(holder.principal, scene.block.id, found.decision)
            except IntegrationError:
                raise
            except TizmorError as error:  # what is about no field is told when it is sent
                errors = refused_by_field(scene.block, error, scene.texts)
                if not errors and error.code == "inputs_invalid":  # of which is not said; the others have fitted before
                    errors = {key: scene.texts.error(error.code)}
        if key in errors:
            return taken_back(draft, before, key, errors[key])
        return wrong(draft, errors, scene) if errors else draft

    async def _decide(
        self, holder: Holder, draft: Draft, question: Question, scene: Scene | None, *, again: bool
    ) -> Draft:
        """Make the decision that is kept in the form; ``again``: an earlier try may have made it already."""
        decision, texts = decision_of(draft.sending or {}), texts_of(question.snapshot)
        over = replace(done(draft, done_words(draft, texts)), handled=holder.key)
        try:
            await self._door.decide(holder.principal, question.approval.id, decision)
        except IntegrationError:
            raise
        except TizmorError as error:
            words = await self._refusals.words(error, texts)
            if scene is not None and not isinstance(error, ConflictError | NotFoundError | NotAllowedError):
                errors = refused_by_field(scene.block, error, texts) or {WORDS: words}
                over = replace(wrong(draft, errors, scene), handled=holder.key)
            elif not (again and await self._is_ours(error, holder.principal, draft, decision)):
                over = replace(over, left=draft.left, over=words)
        await self._shelf.keep(holder, over)
        return over

    async def _why_closed(self, principal: Principal, question: Question) -> str:
        """Words for a question that was decided, or is not needed any more."""
        texts, status = texts_of(question.snapshot), question.approval.status
        try:
            await self._door.check(principal, question.approval.id, Decision(verb=DecisionVerb.REJECT, comment=""))
        except IntegrationError:
            raise
        except TizmorError as error:
            return await self._refusals.words(error, texts)
        status = ApprovalStatus.SUPERSEDED if status is ApprovalStatus.PENDING else status
        told = texts.say(f"conversation.approval_status.{status.value}")
        return texts.say("conversation.already_closed", status=told)

    async def _is_ours(self, error: TizmorError, principal: Principal, draft: Draft, decision: Decision) -> bool:
        """Is what stands against a decision that it was made before, by an earlier try?"""
        if draft.action == "edit_step":
            return _was_edited(await asked(self._door, principal, draft.approval), draft, principal)
        who, status = error.parameters.get("who", ""), error.parameters.get("status", "")
        return error.code == "already_decided" and who in principal.ids and status == _MADE.get(decision.verb)

    def _scene(self, question: Question, user: int, where: Talk) -> Scene | None:
        return scene_of(question, self._clock.now(), user, where)


def _unshown(why: str, draft: Draft, texts: Texts) -> str:
    """Words for what the form could not show: how it ended, where it did."""
    return (draft.over or texts.say(why)) if why else ""


def _was_edited(found: Question | Lapsed, draft: Draft, principal: Principal) -> bool:
    """Has this person edited the form's step since the form was opened?"""
    return was_edited(found.snapshot, draft.approval, principal, datetime.fromtimestamp(draft.opened, UTC))
