"""Events, messages between agents, and what people thought."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.domain.json import content_hash
from engine.ports import changes as s
from storage import tables as t
from storage.codec import encode, instant
from storage.writes.dispatch import writes
from storage.writes.statement import Write, bound, compiled, inserting

_ev = t.events.events
_EVENT = compiled(
    insert(_ev).from_select(
        ["execution_id", "seq", "type", "at", "payload"],
        select(
            bound("execution_id"),
            func.coalesce(func.max(_ev.c.seq), 0) + 1,
            bound("type"),
            bound("at"),
            bound("payload"),
        ).where(_ev.c.execution_id == bound("execution_id")),
    )
)
_MESSAGE = inserting(t.events.agent_messages, upsert(t.events.agent_messages).on_conflict_do_nothing())
_FEEDBACK = inserting(
    t.chat.execution_feedback,
    upsert(t.chat.execution_feedback).on_conflict_do_update(
        index_elements=["execution_id", "user_id"],
        set_={"rating": bound("rating"), "comment": bound("comment"), "at": bound("at")},
    ),
)


@writes.register
def _(change: s.AppendEvent) -> Iterator[Write]:
    e = change.event
    yield Write(
        _EVENT,
        {"execution_id": e.execution_id, "type": e.type.value, "at": instant(e.at), "payload": encode(e.payload)},
        1,
    )


@writes.register
def _(change: s.SendMessage) -> Iterator[Write]:
    m = change.message
    yield Write(
        _MESSAGE,
        {
            "execution_id": m.execution_id,
            "recipient": m.recipient,
            "text_hash": content_hash({"from": m.sender, "text": m.text}),
            "sender": m.sender,
            "text": m.text,
            "at": instant(m.at),
        },
        1,
    )


@writes.register
def _(change: s.PutFeedback) -> Iterator[Write]:
    f = change.feedback
    yield Write(
        _FEEDBACK,
        {
            "execution_id": f.execution_id,
            "user_id": f.user_id,
            "rating": f.rating,
            "comment": f.comment,
            "at": instant(f.at),
        },
        1,
    )
