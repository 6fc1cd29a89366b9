"""No payload breaks the reading of it, and what is read can be stored."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.address import thread_of
from bot.slack.inbound.events import event_delivery
from bot.slack.inbound.interactions import interaction_delivery
from engine.domain.json import canonical
from tests.unit.slack.inbound.payloads import BOT, NOW, ROOT, US, click, edit, event, form, message

ODD = st.text("a1.:|<@>\0\ud800א😀", max_size=12)  # half a character and NUL among them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=4),
    max_leaves=12,
)
REAL = [
    message(f"<@{BOT}> hi", thread_ts=ROOT, files=[{"name": "a"}], edited={"ts": ROOT}),
    edit(f"<@{BOT}> b", "a", thread_ts=ROOT),
    event("agent_session_stopped", user="U1", channel="C1", thread_ts=ROOT),
    event("app_home_opened", user="U1", channel="D1", tab="messages"),
    event("tokens_revoked", tokens={"bot": [BOT]}),
    click(),
    form({"b": {"type": "static_select", "selected_option": {"value": "v"}}, "m": {"type": "datetimepicker"}}),
    {"command": "/tizmor", "text": "x", "user_id": "U1", "channel_id": "C1", "trigger_id": "1.2"},
    {
        "type": "message_action",
        "user": {"id": "U1"},
        "channel": {"id": "C1"},
        "message": {"ts": ROOT},
        "trigger_id": "1",
    },
]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A real payload in which a few places hold something else."""
    body = copy.deepcopy(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 4))):
        holder, name = draw(st.sampled_from(list(places(body))))
        holder[name] = draw(JSON)
    return body


def places(value: dict[str, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    """Every place of a payload: what holds it, and its name there."""
    held: list[tuple[Any, Any]] = list(value.items() if isinstance(value, dict) else enumerate(value))
    for name, inner in held:
        yield value, name
        if isinstance(inner, dict | list):
            yield from places(cast("Any", inner))


def look(body: Any) -> None:
    for read in (event_delivery, interaction_delivery):
        delivery = read(body, US, NOW)
        if delivery is None:
            continue
        stored = canonical({"key": delivery.key, "text": delivery.text, "payload": delivery.payload})
        assert "\\u0000" not in stored.encode().decode()
        assert delivery.key.startswith("slack:")
        if delivery.kind in {"message", "edited", "deleted", "click", "shortcut", "stopped"}:
            assert thread_of(delivery.conversation_id) is not None


@settings(max_examples=500, deadline=None)
@given(damaged())
def test_a_damaged_payload_is_read_or_left_alone(body: Any) -> None:
    look(body)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json_is_read_or_left_alone(body: Any) -> None:
    look(body)
    look({"type": "event_callback", "event": body, "event_id": "Ev1"})


def test_the_payloads_that_are_damaged_here_are_whole() -> None:
    for body in REAL:
        assert (event_delivery(body, US, NOW) or interaction_delivery(body, US, NOW)) is not None


def test_what_no_database_takes_is_mended() -> None:
    broken = "a\0b\ud800c"
    said = event_delivery(message(f"<@{BOT}> {broken}", files=[{"name": broken}]), US, NOW)
    assert said is not None
    assert (said.text, said.payload["files"]) == ("ab?c", ["ab?c"])
    sent = interaction_delivery(form({broken: {"type": "plain_text_input", "value": broken}}), US, NOW)
    assert sent is not None
    assert sent.payload["values"] == {"ab?c": "ab?c"}
