"""Answers of one object, built from numbered passages: every sentence is one of theirs, with its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from engine.agents.cues import Kind, classify
from engine.domain.json import JsonObject
from integrations.scripted_model.office.told import block, mapping, task, words
from integrations.scripted_model.office.words import say
from integrations.scripted_model.view import RequestView

_LONGEST = 300
_MOST_STATEMENTS = 8
_MOST_ANSWERS = 4
_MOST_NOTES = 3
_GRAIN = 5


@dataclass(frozen=True, slots=True)
class Passage:
    """One numbered piece of somebody's text."""

    number: int
    text: str
    in_file: bool

    def statement(self, **more: Any) -> dict[str, Any]:
        """What it says, as a statement that rests on it."""
        return {**more, "text": self.text[:_LONGEST], "sources": [self.number]}


def answer_in_shape(request: RequestView, schema: JsonObject) -> dict[str, Any]:
    """An object of the wanted shape: a summary, an answer or an agenda from the passages given; else the least that fits."""
    wanted = task(request)
    properties = mapping(schema.get("properties"))
    if "statements" in properties:
        kinds = "kind" in mapping(mapping(mapping(properties["statements"]).get("items")).get("properties"))
        passages = _passages(request)
        return {"statements": _summary(passages, wanted) if kinds else _answers(passages, wanted)}
    if "items" in properties and "minutes" in wanted:
        return {"items": _agenda(_passages(request), wanted)}
    return _least(schema)


def _passages(request: RequestView) -> list[Passage]:
    rows = block(request.turns[0].text, "passages")
    found = [
        Passage(int(str(row["n"])), " ".join(str(row.get("text", "")).split()), "file" in row)
        for row in rows
        if "n" in row
    ]
    return list({passage.text: passage for passage in reversed(found) if passage.text}.values())[::-1]


def _summary(passages: Sequence[Passage], wanted: JsonObject) -> list[dict[str, Any]]:
    """The passage that says most on the topic as the overview, then the others in their order, each by what it is."""
    best = _by_relevance(passages, str(wanted.get("topic", "")))[:_MOST_STATEMENTS]
    rest = sorted(best[1:], key=lambda passage: passage.number)
    overview = [best[0].statement(kind="overview")] if best else []
    return [*overview, *(passage.statement(kind=classify(passage.text).value) for passage in rest)]


def _answers(passages: Sequence[Passage], wanted: JsonObject) -> list[dict[str, Any]]:
    """What shares a word with the question; else what was looked up outside documents."""
    asked = words(str(wanted.get("question", "")))
    fitting = [passage for passage in _by_relevance(passages, " ".join(asked)) if asked & words(passage.text)]
    chosen = fitting or [passage for passage in passages if not passage.in_file]
    return [passage.statement() for passage in chosen[:_MOST_ANSWERS]]


def _agenda(passages: Sequence[Passage], wanted: JsonObject) -> list[dict[str, Any]]:
    language = "he" if str(wanted.get("language", "")).lower().startswith("heb") else "en"
    groups: dict[Kind, list[Passage]] = {}
    for passage in passages:
        groups.setdefault(classify(passage.text), []).append(passage)
    titles = [say(language, kind.value) for kind in Kind if kind in groups]
    notes = [[p.statement() for p in groups[kind][:_MOST_NOTES]] for kind in Kind if kind in groups]
    if not titles:
        topic = str(wanted.get("topic") or wanted.get("title") or say(language, "this"))
        titles, notes = [topic[:60], say(language, "next_step")], [list[dict[str, Any]](), list[dict[str, Any]]()]
    minutes = _shared(int(str(wanted["minutes"])), len(titles))
    return [
        {"title": title, "minutes": spent, "notes": said}
        for title, spent, said in zip(titles, minutes, notes, strict=True)
    ]


def _shared(minutes: int, parts: int) -> list[int]:
    """The minutes in equal parts, each a multiple of five; what is over goes to the first."""
    each = max(_GRAIN, minutes // parts // _GRAIN * _GRAIN)
    return [max(_GRAIN, minutes - each * (parts - 1)), *[each] * (parts - 1)]


def _by_relevance(passages: Sequence[Passage], topic: str) -> list[Passage]:
    wanted = words(topic)
    return sorted(passages, key=lambda passage: -len(wanted & words(passage.text)))


def _least(schema: JsonObject) -> dict[str, Any]:
    """The smallest object a schema admits, as far as that can be told without solving it."""
    members = cast("Mapping[str, JsonObject]", mapping(schema.get("properties")))
    return {name: _smallest(member) for name, member in members.items()}


def _smallest(schema: JsonObject) -> Any:
    if "const" in schema:
        return schema["const"]
    if isinstance(choices := schema.get("enum"), Sequence) and choices:
        return choices[0]
    if isinstance(branches := schema.get("anyOf"), Sequence) and branches:
        return _smallest(mapping(branches[0]))
    simple: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "null": None}
    kind = schema.get("type")
    return _least(schema) if kind == "object" else simple.get(str(kind))
