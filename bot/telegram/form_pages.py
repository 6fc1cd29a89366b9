"""How a guided form looks: what stands in it and what can be edited, the question about one thing, and how it ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from bot.forms.decisions import WORDS
from bot.forms.reading import Asked, choice_words, hint_of
from bot.forms.rules import seconds_of
from bot.parts.fields import field_parts, label_of
from bot.parts.measure import cut, units
from bot.parts.model import Items, Line, Para, Part, Span, data, ours, para, small
from bot.presses import Press
from bot.render.approvals import Field, fields_of
from bot.render.safe_text import clean
from bot.render.texts import LOCALES, Texts, catalogue
from bot.telegram.form_state import AT_ONCE, PAGE, Draft, Scene, arguments, choice_of
from bot.telegram.markup.drawing import drawn
from bot.telegram.markup.limits import PLAIN
from bot.telegram.presses import data_of
from bot.telegram.typed import example
from engine.domain.json import JsonObject, JsonValue

Button = dict[str, JsonValue]

_CHANGED = "✏️"
_WRONG = "⚠️"
_LABEL, _TITLE, _SUBJECT, _ASKED = 40, 200, 300, 700
_FIELD, _WHOLE = 240, 2_900
"""What a field may weigh among others, and alone."""
_ERROR, _SHORT_ERROR = 300, 100
"""The same of what is wrong with it."""
_ROW = 30
"""Buttons whose labels together are no longer than this share a row."""
_SPACES = re.compile(r"\s+")

_TITLES = {"reject": "reason"}
"""Where it is not the action's own name."""
_LABELS = {"reject": "reason_label", "drop": "drop_label", "answer": "answer_label", "change": "change_label"}
_DONE = {
    "edit": "modified",
    "edit_step": "plan_changed",
    "change": "plan_changed",
    "reject": "rejected",
    "drop": "plan_dropped",
}


def form_body(draft: Draft, scene: Scene) -> JsonObject:
    """The message of a form that is open."""
    if draft.asked == WORDS:
        parts, rows = _words(draft, scene)
    elif draft.asked:
        parts, rows = _question(draft, scene, scene.asked(draft.asked))
    elif draft.action == "change":
        parts, rows = _steps(draft, scene)
    else:
        parts, rows = _fields(draft, scene)
    return {**_drawn(parts, scene.texts), "keyboard": rows, "execution": scene.question.snapshot.execution.id}


def ended_body(words: str, texts: Texts) -> JsonObject:
    """The message of a form that is over."""
    return _drawn([para(ours(words))], texts)


def prompt_body(draft: Draft, scene: Scene) -> JsonObject:
    """What an answer is to be a reply to, where only replies reach us: the field to write in opens by itself."""
    texts = scene.texts
    asked = scene.asked(draft.asked)
    label = _name(asked, texts) if asked is not None else texts.say(f"chat.form.{_LABELS[draft.action]}")
    wrong = draft.errors.get(draft.asked, "")
    parts: list[Part] = [_error(wrong)] if wrong else []
    parts.append(para(ours(texts.say("telegram_form.prompt", what=label))))
    return {**_drawn(parts, texts), "force_reply": {"placeholder": cut(clean(label), 60)}}


def wants_prompt(draft: Draft, scene: Scene) -> bool:
    """Does what is asked take words, where only replies reach us?"""
    asked = scene.asked(draft.asked)
    words = draft.asked == WORDS or (asked is not None and asked.rule.kind not in {"boolean", "choice"})
    return words and not scene.private


def done_words(draft: Draft, texts: Texts) -> str:
    """How a form ended whose decision was taken."""
    if draft.action == "answer":
        return texts.say("reply.answered", answer=PLAIN.cut(_flat(clean(draft.words)), _TITLE))
    return texts.say(f"reply.{_DONE[draft.action]}_short")


def is_given_up(text: str) -> bool:
    """Does a message say that the form is to be closed, and nothing else?"""
    return _plain(text) in _giving_up()


def _fields(draft: Draft, scene: Scene) -> tuple[list[Part], list[JsonValue]]:
    """What stands in a call, with a button for each argument that can be edited."""
    texts, now = scene.texts, _as_it_stands(draft, scene)
    page, pages, places = _page(draft.page, len(scene.fields))
    parts, buttons = _head(draft, scene), list[Button]()
    for place in places:
        asked = scene.fields[place]
        shown, mark = now[asked.field.name], f"{_CHANGED} " if asked.key in draft.values else ""
        first, *more = field_parts([replace(shown, label=mark + shown.label)], texts, PLAIN, _FIELD)
        parts += [replace(first, tight=place != places[0]) if isinstance(first, Para) else first, *more]
        if asked.key in draft.errors:
            parts.append(_error(draft.errors[asked.key], _SHORT_ERROR, tight=True))
        if asked.rule.kind == "fixed":
            why = texts.say("chat.form.too_long" if asked.rule.too_long else "chat.form.fixed")
            parts.append(para(ours(why, italic=True), tight=True))
        else:
            buttons.append(_button(mark + _name(asked, texts), f"f{place}", draft, scene))
    parts += _foot(draft, scene, "telegram_form.changed" if draft.values else "telegram_form.pick", page, pages)
    ends = [_button(_save(draft, texts), "s", draft, scene)] if draft.values else []
    return parts, [*_rows(ends), *_packed(buttons), *_turns(page, pages, draft, scene), *_rows([_cancel(draft, scene)])]


def _question(draft: Draft, scene: Scene, asked: Asked | None) -> tuple[list[Part], list[JsonValue]]:
    """The question about one argument: what it is, how another value is written, and what was wrong with the last one."""
    if asked is None:  # the tool does not ask for it any more
        return _fields(draft, scene)
    texts, rule, place = scene.texts, asked.rule, scene.fields.index(asked)
    current = _as_it_stands(draft, scene)[asked.field.name]
    name = Span(text=label_of(asked.field, texts.direction, PLAIN), bold=True)
    told = replace(current, label=texts.say("telegram_form.now"), known=True, note="")
    # A gate stands above its form with all it is about; of a step only this says which it is.
    above = _head(draft, scene) if draft.action == "edit_step" else []
    parts: list[Part] = [*above, para(Span(text=f"{_CHANGED} "), name), *field_parts([told], texts, PLAIN, _WHOLE)]
    if asked.key in draft.errors:
        parts.append(_error(draft.errors[asked.key]))
    hints = [_hint(asked, draft, scene), _how(scene, pressed_only=rule.kind in {"boolean", "choice"})]
    parts += [small(hint, texts.direction) for hint in hints if hint]
    ways = [_button(words, f"v{place}-{choice}", draft, scene) for choice, words in _choices(asked, texts)]
    keep = [_button(texts.say("telegram_form.keep"), f"k{place}", draft, scene)]
    if asked.key in draft.values:
        keep.append(_button(texts.say("telegram_form.original"), f"o{place}", draft, scene))
    if rule.nullable or (rule.empty and rule.kind in {"text", "multiline", "email", "lines", "people"}):
        keep.append(_button(texts.say("telegram_form.empty"), f"e{place}", draft, scene))
    return parts, [*_packed(ways), *_packed(keep), *_rows([_cancel(draft, scene)])]


def _steps(draft: Draft, scene: Scene) -> tuple[list[Part], list[JsonValue]]:
    """A plan's steps, each to be kept or left out, and what else should be different."""
    texts, drops = scene.texts, scene.block.drops
    page, pages, places = _page(draft.page, len(drops))
    lines: list[Line] = []
    buttons: list[Button] = []
    for place in places:
        mark, title = "⬜" if place in draft.dropped else "✅", _flat(clean(drops[place].title))
        lines.append((Span(text=f"{mark} "), data(PLAIN.cut(title, _TITLE))))
        buttons.append(_button(f"{mark} {place + 1}. {title}", f"t{place}", draft, scene))
    parts = [*_head(draft, scene), para(ours(texts.say("chat.form.keep_label"), bold=True))]
    parts += [Items(items=tuple(lines), first=places[0] + 1 if places else 1, tight=True)] if lines else []
    if draft.words:
        said = PLAIN.cut(clean(draft.words), _WHOLE // 3)
        parts.append(para(ours(texts.say("chat.form.change_label"), bold=True)))
        parts.append(Para(lines=tuple((Span(text=line),) for line in said.split("\n")), quote=True, tight=True))
    parts += _foot(draft, scene, "telegram_form.steps", page, pages)
    more = _button(texts.say("telegram_form.say_more"), "w", draft, scene)
    ready = bool(draft.dropped or draft.words)
    ends = [_button(texts.say("chat.form.apply"), "s", draft, scene)] if ready else []
    rows = [*_rows(buttons, each=1), *_turns(page, pages, draft, scene), *_rows([more])]
    return parts, [*rows, *_rows(ends), *_rows([_cancel(draft, scene)])]


def _words(draft: Draft, scene: Scene) -> tuple[list[Part], list[JsonValue]]:
    """The question that is answered in words."""
    texts = scene.texts
    label = texts.say(f"chat.form.{_LABELS[draft.action]}")
    parts = [*_head(draft, scene, _ASKED), para(ours(label))]
    if WORDS in draft.errors:
        parts.append(_error(draft.errors[WORDS]))
    hint = texts.say("chat.form.change_hint") if draft.action == "change" else ""
    parts += [small(words, texts.direction) for words in (hint, _how(scene, pressed_only=False)) if words]
    buttons: list[Button] = []
    if draft.action in {"reject", "drop"}:
        buttons.append(_button(texts.say(f"telegram_form.{draft.action}_only"), "s", draft, scene))
    if draft.action not in AT_ONCE:
        buttons.append(_button(texts.say("telegram_form.keep"), "k", draft, scene))
    return parts, [*_packed(buttons), *_rows([_cancel(draft, scene)])]


def _drawn(parts: Sequence[Part], texts: Texts) -> dict[str, JsonValue]:
    made = drawn(parts, texts.direction)
    return {"text": made.text, "entities": list(made.entities), "locale": texts.locale}


def _head(draft: Draft, scene: Scene, limit: int = _SUBJECT) -> list[Part]:
    title = scene.texts.say(f"chat.form.{_TITLES.get(draft.action, draft.action)}")
    subject = PLAIN.brief(scene.block.subject or scene.block.title, limit)
    parts: list[Part] = [para(Span(text=f"{_CHANGED} "), ours(title, bold=True))]
    return [*parts, para(ours(subject), tight=True)] if subject else parts


def _foot(draft: Draft, scene: Scene, key: str, page: int, pages: int) -> list[Part]:
    texts = scene.texts
    parts: list[Part] = [_error(draft.errors[WORDS])] if WORDS in draft.errors else []
    lines = [texts.say(key, save=_save(draft, texts))]
    if pages > 1:
        lines.append(texts.say("chat.page", page=page + 1, pages=pages))
    return [*parts, *(small(line, texts.direction) for line in lines)]


def _save(draft: Draft, texts: Texts) -> str:
    """What the button says that sends what stands in the form."""
    return texts.say("chat.form.save_step" if draft.action == "edit_step" else "chat.form.save")


def _hint(asked: Asked, draft: Draft, scene: Scene) -> str:
    """How a value is written."""
    texts = scene.texts
    if asked.rule.kind != "instant":
        return hint_of(asked, texts)
    current = seconds_of(arguments(draft, scene).get(asked.field.name), asked.zone)
    shown = example(current, texts, scene.now)
    hint = texts.say("telegram_form.moment", example=shown, zone=texts.zone.key)
    return (
        hint if asked.zone.key == texts.zone.key else f"{hint} {texts.say('telegram_form.zone', zone=asked.zone.key)}"
    )


def _how(scene: Scene, *, pressed_only: bool) -> str:
    if pressed_only:
        return scene.texts.say("telegram_form.press")
    return scene.texts.say("telegram_form.write" if scene.private else "telegram_form.reply")


def _choices(asked: Asked, texts: Texts) -> list[tuple[int, str]]:
    if asked.rule.kind == "boolean":
        return [(1, texts.say("approval.yes")), (0, texts.say("approval.no"))]
    return [(place, choice_words(choice)) for place, choice in enumerate(asked.rule.choices)]


def _as_it_stands(draft: Draft, scene: Scene) -> dict[str, Field]:
    """The call's fields by name, with the values they have in the form."""
    call = scene.question.approval.call
    if call is None:
        return {}
    fields = fields_of(replace(call, arguments=arguments(draft, scene)), scene.texts)
    return {field.name: field for field in fields}


def _name(asked: Asked, texts: Texts) -> str:
    return label_of(asked.field, texts.direction, PLAIN, _LABEL)


def _error(words: str, limit: int = _ERROR, *, tight: bool = False) -> Para:
    return para(Span(text=f"{_WRONG} "), ours(PLAIN.brief(words, limit), bold=True), tight=tight)


def _page(wanted: int, count: int) -> tuple[int, int, range]:
    """The page that is shown, how many there are, and the places on it."""
    pages = max((count + PAGE - 1) // PAGE, 1)
    page = min(wanted, pages - 1)
    return page, pages, range(page * PAGE, min((page + 1) * PAGE, count))


def _turns(page: int, pages: int, draft: Draft, scene: Scene) -> list[JsonValue]:
    leads = (("prior", page - 1), ("next", page + 1))
    return _rows([
        _button(scene.texts.say(f"chat.form.{word}"), f"p{to}", draft, scene) for word, to in leads if 0 <= to < pages
    ])  # fmt: skip


def _cancel(draft: Draft, scene: Scene) -> Button:
    return _button(scene.texts.say("telegram_form.cancel"), "x", draft, scene)


def _button(label: str, op: str, draft: Draft, scene: Scene) -> Button:
    press = Press(action="form", approval=draft.approval, choice=choice_of(op, scene.user))
    return {"text": cut(_flat(clean(label)), _LABEL) or "–", "data": data_of(press)}


def _rows(buttons: Sequence[Button], *, each: int = 8) -> list[JsonValue]:
    return [list(buttons[start : start + each]) for start in range(0, len(buttons), each)]


def _packed(buttons: Sequence[Button]) -> list[JsonValue]:
    """As rows whose labels can be read."""
    rows: list[list[Button]] = []
    room = 0
    for button in buttons:
        size = units(str(button["text"])) + 4
        if not rows or size > room or len(rows[-1]) == 3:
            rows.append([])
            room = _ROW
        rows[-1].append(button)
        room -= size
    return [list(row) for row in rows]


def _flat(text: str) -> str:
    return " ".join(text.split())


@cache
def _giving_up() -> frozenset[str]:
    words = ",".join(str(catalogue(locale)["telegram_form.cancel_words"]) for locale in LOCALES)
    return frozenset(map(_plain, words.split(",")))


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text.strip(" \t\r\n.,!?…\"'״׳")).lower()
