"""Questions to make forms of."""

from __future__ import annotations

from dataclasses import replace

from bot.forms.edits import asked_fields
from bot.forms.reading import Asked
from bot.forms.rules import Limits
from bot.render.approvals import ApprovalBlock, approval_blocks
from bot.render.texts import Texts
from engine.domain.approval import Approval, ApprovalKind
from engine.domain.effect import Call
from engine.domain.ids import ApprovalId
from engine.domain.json import JsonObject, JsonValue
from tests.unit.render.story import ask, snapshot

EN, HE = Texts("en", "Asia/Jerusalem"), Texts("he", "Asia/Jerusalem")
LIMITS = Limits(text=3_000, options=60)
STARTS = "2026-12-03T10:00:00+02:00"
MEETING: JsonObject = {
    "title": "Meeting with Yoav",
    "timezone": "Asia/Jerusalem",
    "starts": STARTS,
    "duration_minutes": 60,
    "attendees": [{"name": "Yoav Levi", "email": "yoav@tevuot.example"}, {"name": "Dana", "email": ""}],
    "description": "one\ntwo",
}


def gate(arguments: JsonObject) -> Approval:
    """Asks for consent to a call."""
    asked = replace(ask("en", ApprovalKind.GATE), id=ApprovalId("a" * 32), expires_at=None)
    return replace(asked, call=Call(tool="t", version="1", arguments=arguments))


def block(arguments: JsonObject, texts: Texts = EN) -> ApprovalBlock:
    """The question of a gate, as it is shown."""
    return approval_blocks(snapshot("en", "+++ww", approvals=(gate(arguments),)), texts)[0]


def fields(arguments: JsonObject, schema: JsonObject | None = None, texts: Texts = EN) -> list[Asked]:
    """Its fields."""
    return asked_fields(block(arguments, texts), schema or {}, LIMITS)


def asked(arguments: JsonObject, name: str, schema: JsonObject | None = None, texts: Texts = EN) -> Asked:
    """One of its fields."""
    return next(one for one in fields(arguments, schema, texts) if one.field.name == name)


def typed(schema: JsonObject) -> JsonObject:
    """A schema of one argument, ``it``."""
    return {"properties": {"it": schema}}


def it(value: JsonValue, schema: JsonObject) -> Asked:
    """The one argument of such a schema."""
    return asked({"it": value}, "it", typed(schema))
