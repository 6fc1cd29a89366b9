"""Whatever there is to show, and however much of it, Telegram takes the message, and says where something is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.door import Question
from bot.forms.decisions import WORDS
from bot.render.approvals import Droppable
from bot.telegram.form_pages import done_words, ended_body, form_body, prompt_body, wants_prompt
from bot.telegram.form_state import Draft, Scene, scene_of
from engine.domain.approval import ApprovalKind
from engine.domain.json import JsonObject, JsonValue
from tests.unit.forms.made import gate
from tests.unit.render.story import ask, snapshot
from tests.unit.telegram.forming import DANA, GROUP, PRIVATE, check_body, visible

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
UNITS = [
    "a",
    "א",
    "👍",
    "@a ",
    "a.b ",
    "\n",
    "\u202e",
    "\x00",
    "\u2068",
    "e\u0301",
    "👨\u200d👩\u200d👧",
    "/x ",
    "1234 ",
    "<b>",
    "D\u0430na ",
]


def repeated(unit: str, length: int) -> str:
    return unit * (length // len(unit))


long_texts = st.builds(repeated, st.sampled_from(UNITS), st.sampled_from((1, 40, 400, 2_990, 5_000)))


def scene(
    arguments: JsonObject, schema: JsonObject | None = None, *, private: bool = True, locale: str = "en"
) -> Scene:
    approval = gate(arguments)
    question = Question(approval=approval, snapshot=snapshot(locale, "+++ww", approvals=(approval,)), schema=schema)
    made = scene_of(question, NOW, DANA, PRIVATE if private else GROUP)
    assert made is not None
    return made


def draft(**more: object) -> Draft:
    made = {"approval": "a" * 32, "action": "edit", "handled": "k", **more}
    return Draft(**cast("dict[str, str]", made))  # type: ignore[arg-type]


@settings(max_examples=20, deadline=None, derandomize=True, phases=PHASES)
@given(st.lists(long_texts, min_size=1, max_size=4), long_texts, st.sampled_from(["en", "he"]))
def test_a_form_with_any_text_in_it_is_one_telegram_takes(values: list[str], words: str, locale: str) -> None:
    arguments: JsonObject = {f"{words[:80]}{n}": value for n, value in enumerate(values * 3)}
    made = scene(arguments, locale=locale, private=False)
    keys = [one.key for one in made.fields]
    errors = dict.fromkeys([*keys, WORDS], words)
    for page in (0, 1):
        check_body(form_body(draft(page=page, errors=errors, values=dict.fromkeys(keys[:3], "changed")), made))
    for key in keys[: len(values)]:
        check_body(form_body(draft(asked=key, errors=errors), made))
        if wants_prompt(draft(asked=key), made):
            check_body(prompt_body(draft(asked=key, errors=errors), made))


@settings(max_examples=20, deadline=None, derandomize=True, phases=PHASES)
@given(long_texts, long_texts, st.sampled_from(["reject", "drop", "answer", "change"]))
def test_forms_in_words_with_any_text_in_them_are_ones_telegram_takes(title: str, words: str, action: str) -> None:
    approval = replace(ask("en", ApprovalKind.PLAN), title=title)
    question = Question(approval=approval, snapshot=snapshot("en", "+++ww", approvals=(approval,)), schema=None)
    made = scene_of(question, NOW, DANA, GROUP)
    assert made is not None
    drops = tuple(Droppable(id=f"s{n}", title=title) for n in range(20))
    made = replace(made, block=replace(made.block, subject=title, drops=drops))
    for asked in (WORDS, ""):
        at = draft(action=action if asked else "change", asked=asked, words=words, errors={WORDS: words}, page=1)
        check_body(form_body(at, made))
    check_body(prompt_body(draft(action=action, asked=WORDS, errors={WORDS: words}), made))
    check_body(ended_body(done_words(draft(action=action, words=words), made.texts), made.texts))


def test_a_value_that_is_asked_about_is_shown_whole() -> None:
    value = "word " * 550
    shown = visible(str(form_body(draft(asked="field-0"), scene({"it": value.strip()}))["text"]))
    assert value.strip() in shown
    among = visible(str(form_body(draft(), scene({"it": value.strip(), "other": "x"}))["text"]))
    assert "more characters: see Details" in among


@pytest.mark.parametrize(
    ("value", "schema", "hint"),
    [
        ([{"name": "D", "email": ""}], {}, "One person per line: Name <address>"),
        (["a"], {"type": "array", "items": {"type": "string"}}, "One per line"),
        ({"a": 1}, {"type": "object"}, "As JSON"),
        (
            "2026-12-03T10:00:00+02:00",
            {"type": "string", "format": "date-time"},
            "For example 2026-12-03 10:00, 3.12 15:00, tomorrow 15:00, or just 15:00 for the same day. Time zone: Asia/Jerusalem.",
        ),
    ],
)
def test_a_question_says_how_its_answer_is_written(value: JsonValue, schema: JsonObject, hint: str) -> None:
    made = scene({"it": value}, {"properties": {"it": schema}})
    assert hint in visible(str(form_body(draft(asked="field-0"), made)["text"]))


def test_a_question_whose_field_is_gone_shows_the_fields_again() -> None:
    made = scene({"it": "a", "other": "b"}, private=False)
    assert "Edit" in str(form_body(draft(asked="field-7"), made)["text"])
    assert not wants_prompt(draft(asked="field-7"), made)


def test_buttons_have_labels_that_can_be_read_and_data_that_fits() -> None:
    arguments: JsonObject = {f"argument with a rather long name {n}": "v" for n in range(8)}
    body = form_body(draft(), scene(arguments))
    rows = cast("list[list[dict[str, str]]]", body["keyboard"])
    assert all(len(row) == 1 for row in rows)
    assert all(len(button["text"]) <= 40 for row in rows for button in row)
