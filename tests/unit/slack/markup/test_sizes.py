"""Whatever there is to show, and however much of it, Slack takes the message, and nothing of it goes missing unsaid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Any, cast

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.parts.measure import units
from bot.presses import Press
from bot.render.texts import Texts
from bot.slack.markup.forms import change_view, details_view, edit_view
from engine.domain.approval import ApprovalKind
from engine.domain.json import JsonObject
from tests.servers.blockkit import validate_message, validate_view
from tests.unit.parts.made import block, card, field, filled, view
from tests.unit.slack.markup.made import messages
from tests.unit.slack.markup.scanner import findings, texts

PHASES = (Phase.explicit, Phase.generate, Phase.shrink)  # explaining traces every line of the validators
SLOW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, phases=PHASES
)
QUICK = settings(max_examples=60, deadline=None, derandomize=True, phases=PHASES)
PRESS = Press(action="edit", execution="e" * 32, approval="a" * 32)
MEASURED_LIMIT = 10_600
"""Bytes of text at which messages began to be refused, in the least favourable measurement there is."""

UNITS = (
    "א",
    "a",
    "👍",
    "&",
    "<",
    "\n",
    "\r\n",
    "\x00",
    "\u202e",
    "word ",
    "שלום ",
    "\u2068",
    "e\u0301",
    "👨\u200d👩\u200d👧",
    "\t",
    "`",
    "D\u0430na ",
    "* ",
    "@",
)


def repeated(unit: str, length: int) -> str:
    return unit * (length // len(unit))


long_texts = st.builds(repeated, st.sampled_from(UNITS), st.sampled_from((0, 1, 30, 400, 3_001, 16_000)))
any_text = st.one_of(long_texts, st.text(max_size=40))
pools = st.lists(any_text, min_size=1, max_size=5)
sizes = st.sampled_from((0, 1, 2, 5, 12))


def turns(pool: list[str]) -> Callable[[], str]:
    found = cycle(pool)
    return lambda: next(found)


def weight_of(value: Any, *, twice: bool = False) -> int:
    """All text of a message in bytes; what stands below a task's title counts twice."""
    if isinstance(value, list):
        return sum(weight_of(item, twice=twice) for item in cast("list[Any]", value))
    if not isinstance(value, dict):
        return 0
    found = 0
    for name, inner in cast("dict[str, Any]", value).items():
        if isinstance(inner, str) and name in {"text", "title"}:
            found += len(inner.encode()) * (2 if twice else 1)
        else:
            found += weight_of(inner, twice=twice or name in {"details", "output"})
    return found


def taken(body: JsonObject) -> None:
    """Slack would take it, by its documented limits and by those that were measured."""
    assert validate_message({**body, "ts": "1767513600.000100"}) == []
    assert findings(body) == []
    assert weight_of(body["blocks"]) <= MEASURED_LIMIT
    assert len(cast("list[Any]", body["blocks"])) <= 50
    assert 0 < units(str(body["text"])) <= 3_000


@SLOW
@given(
    pools,
    st.sampled_from((0, 1, 16, 60, 200)),
    st.sampled_from(list(ApprovalKind)),
    sizes,
    st.sampled_from((0, 3, 60)),
    st.booleans(),
)
def test_slack_takes_every_message_of_every_size(
    pool: list[str], steps: int, kind: ApprovalKind, choices: int, arguments: int, rich: bool
) -> None:
    asked = block(kind, choices=choices, arguments=arguments, drops=steps)
    shown = filled(view(card("he", asked, steps=steps, rows=choices * 4)), turns(pool))
    made = messages(shown, rich=rich)
    assert len({purpose for purpose, _ in made}) == len(made)
    for _, body in made:
        if "file" not in body:
            taken(body)


@SLOW
@given(pools, st.sampled_from((0, 3, 60)), st.sampled_from((0, 7, 200)))
def test_slack_takes_every_form_of_every_size(pool: list[str], arguments: int, drops: int) -> None:
    texts = Texts("he", "Asia/Jerusalem")
    turn = turns(pool)
    fields = tuple(field(n, text := turn(), raw=text, input="multiline") for n in range(arguments))
    asked = replace(filled(block(ApprovalKind.GATE, drops=drops), turn), fields=fields)
    for made in (
        edit_view(asked, {}, PRESS, texts),
        change_view(asked, PRESS, texts),
        details_view(asked, PRESS, texts),
    ):
        assert validate_view(made) == []
        assert findings({"blocks": made["blocks"]}) == []


@SLOW
@given(st.integers(1, 60), st.sampled_from((10, 900, 5_000, 40_000)), st.sampled_from(("☃", "ж", "𝄞")))
def test_a_gate_counts_every_character_it_does_not_show_and_the_details_show_them_all(
    count: int, length: int, letter: str
) -> None:
    length = min(length, 40_000 // count)
    asked = replace(block(ApprovalKind.GATE), fields=tuple(field(n, letter * length) for n in range(count)))
    reply = dict(messages(view(card("en", asked)), rich=True))[f"approval:{asked.id}"]
    shown = "\n".join(texts(reply["blocks"]))
    said = [int(words.split()[0].replace(",", "")) for words in texts(reply["blocks"]) if "more character" in words]
    left_out = [int(words.split()[0]) for words in texts(reply["blocks"]) if "more field" in words]
    assert shown.count(letter) + sum(said) == length * (count - sum(left_out))
    whole, page = 0, 0
    while True:
        details = details_view(asked, PRESS, Texts("en"), page=page)
        whole += sum(
            text.count(letter) for text in texts(details["blocks"]) if set(text.strip("\u2068\u2069 \n")) == {letter}
        )
        page += 1
        if f"page.{asked.id}.{page}" not in str(details["blocks"]):
            break
    assert whole == length * count
