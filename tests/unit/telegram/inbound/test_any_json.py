"""No update breaks the reading of it, and what is read can be stored."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.address import talk_of, user_of
from engine.domain.json import canonical
from tests.unit.telegram.inbound.updates import (
    AVI,
    FORUM,
    GROUP,
    MENTION,
    NOW,
    SENT,
    SUPERGROUP,
    US,
    click,
    heard,
    member,
    message,
    ours,
    said,
    update,
)

ODD = st.text("a1:/@_-\0\ud800\u202eא😀", max_size=12)  # half a character and NUL among them
NUMBERS = st.integers() | st.integers(-5, 60) | st.sampled_from([2**52, -(2**52), 2**63, 10**400, SENT])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=4),
    max_leaves=12,
)
ORIGIN = {"type": "channel", "chat": GROUP, "author_signature": "x", "sender_user": AVI, "sender_user_name": "y"}
REAL = [
    said(f"🎼 {MENTION} hi", chat=FORUM, message_thread_id=55, is_topic_message=True, quote={"text": "q"}),
    said("/ask hi", reply_to_message=ours("card"), quote={"text": "q"}, via_bot=AVI, edit_date=SENT),
    said("hi", forward_origin=ORIGIN, sender_chat=GROUP),
    said(None, caption=f"{MENTION}", caption_entities=[{"type": "mention", "offset": 0, "length": 14}], photo=[{}]),
    said("x", chat=SUPERGROUP, external_reply={"origin": ORIGIN, "chat": SUPERGROUP, "message_id": 4}),
    said(None, chat=GROUP, migrate_to_chat_id=-100777),
    update(edited_message=message(f"{MENTION} b", chat=GROUP, edit_date=SENT)),
    click(ours(chat=FORUM, message_thread_id=55, is_topic_message=True)),
    member("administrator"),
]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A real update in which a few places hold something else."""
    body = copy.deepcopy(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 4))):
        holder, name = draw(st.sampled_from(list(places(body))))
        holder[name] = draw(JSON)
    return body


def places(value: dict[str, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    """Every place of an update: what holds it, and its name there."""
    held: list[tuple[Any, Any]] = list(value.items() if isinstance(value, dict) else enumerate(value))
    for name, inner in held:
        yield value, name
        if isinstance(inner, dict | list):
            yield from places(cast("Any", inner))


def look(body: Any) -> None:
    delivery = heard(body)
    if delivery is None:
        return
    stored = canonical({"key": delivery.key, "text": delivery.text, "payload": delivery.payload})
    assert "\\u0000" not in stored.encode().decode()
    assert delivery.key == f"telegram:{US.id}:{body['update_id']}"
    assert delivery.received_at == NOW
    talk = talk_of(delivery.conversation_id)
    assert talk is not None
    assert user_of(delivery.user_id) is not None
    if delivery.kind in {"message", "command", "edited", "click"}:
        assert delivery.payload["chat"] == talk.chat
        assert (delivery.payload["type"] == "private") == talk.private
        assert cast("int", delivery.payload["message"]) > 0


@settings(max_examples=600, deadline=None)
@given(damaged())
def test_a_damaged_update_is_read_or_left_alone(body: Any) -> None:
    look(body)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json_is_read_or_left_alone(body: Any) -> None:
    look(body)
    for kind in ("message", "edited_message", "callback_query", "my_chat_member"):
        look({"update_id": 5, kind: body})


@settings(max_examples=200, deadline=None)
@given(st.text("ab /@😀\ud800", max_size=20), st.lists(st.tuples(st.integers(-3, 25), st.integers(-3, 25)), max_size=6))
def test_marks_anywhere_in_a_text_break_nothing(text: str, marks: list[tuple[int, int]]) -> None:
    for kind in ("mention", "text_mention", "bot_command"):
        entities = [{"type": kind, "offset": o, "length": n, "user": {"id": US.id}} for o, n in marks]
        look(said(text, entities=entities))


def test_the_updates_that_are_damaged_here_are_whole() -> None:
    for body in REAL:
        assert heard(body) is not None
