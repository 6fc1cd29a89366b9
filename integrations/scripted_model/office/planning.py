"""Plans as a model would hand them over: follow-ups by rules of their own, everything else from the offline planner's draft."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from engine.domain.json import JsonObject, JsonValue
from engine.errors import PlanError
from engine.planning.draft import DraftStep, PlanDraft
from engine.planning.offline.understand import draft_plan
from integrations.scripted_model.office.briefed import Briefed, read_briefing
from integrations.scripted_model.office.follow_ups import Wish, meant, read_wish
from integrations.scripted_model.office.told import briefing, mapping, words
from integrations.scripted_model.office.words import say
from integrations.scripted_model.view import RequestView

CALENDAR, EDITOR, CONTACTS = "CalendarAgent", "EditorAgent", "ContactSearchAgent"
CHANGE, ASSISTANT = "MeetingChangeAgent", "AssistantAgent"

_DROP = r"\b(?:skip|without|no|drop)\s+(?:the\s+|an?\s+)?"
_UNWANTED = {
    EDITOR: re.compile(rf"{_DROP}agenda\b|(?:ו?בלי)\s+ה?סדר(?:\s+ה?יום)?", re.IGNORECASE),
    CALENDAR: re.compile(
        rf"{_DROP}meeting\b|\bonly\s+(?:the\s+|a\s+)?summary\b|ו?בלי\s+ה?פגישה|רק\s+ה?סיכום", re.IGNORECASE
    ),
}
_MEETING = re.compile(r"\bmeet(?:ing)?\b|פגיש", re.IGNORECASE)


def plan(request: RequestView) -> dict[str, Any]:
    """The input of ``emit_plan`` for a request, its fields in the order a model writes them."""
    briefed = read_briefing(briefing(request))
    agents = _agents(next(iter(request.tools.values())))
    if briefed.failed:  # the rules know one way only
        return _plan(briefed.text, briefed.current, sure=True)
    if briefed.change and briefed.current:
        return _changed(briefed, agents)
    wish = read_wish(briefed) if CHANGE in agents else None
    # Where no meeting was made, the same words may ask for something new.
    if wish is not None and (briefed.latest("meeting") is not None or _draft(briefed.text, briefed) is None):
        return _change(briefed, wish)
    return _new(briefed, agents)


def _change(briefed: Briefed, wish: Wish) -> dict[str, Any]:
    meeting = meant(briefed)
    if meeting is None:
        titles = [one.title for one in briefed.earlier if one.kind == "meeting" and one.title]
        return _asks(briefed, "which", titles)
    steps: list[dict[str, Any]] = []
    inputs: dict[str, JsonValue] = {"meeting": {"from": meeting.name}, **wish.inputs}
    for field, name in (("add", wish.add), ("remove", wish.remove)):
        if name:
            title = say(briefed.language, "contact", name=name)
            steps.append(_step(CONTACTS, f"s{len(steps) + 1}", title, {"name": name}))
            inputs[field] = {"from": steps[-1]["id"], "one": True}
    what = ", ".join(say(briefed.language, key, value=value) for key, value in wish.told.items())
    steps.append(_step(CHANGE, f"s{len(steps) + 1}", say(briefed.language, "change", what=what), inputs))
    title = meeting.title or meeting.name
    return _plan(say(briefed.language, "changed", title=title, what=what), steps, sure=True)


def _new(briefed: Briefed, agents: frozenset[str]) -> dict[str, Any]:
    draft = _draft(briefed.text, briefed)
    if draft is None:
        return _otherwise(briefed, agents)
    steps = [_given(step) for step in draft.steps if step.agent in agents]
    if _nobody_named(briefed, steps):
        return _with_somebody(briefed, agents)
    summary = briefed.latest("summary")
    if summary is not None and [step["agent"] for step in steps] == [EDITOR]:
        steps[0]["inputs"]["summary"] = {"from": summary.name}
    return _plan(draft.understood, steps, sure=draft.sure) if steps else _otherwise(briefed, agents)


def _with_somebody(briefed: Briefed, agents: frozenset[str]) -> dict[str, Any]:
    """A meeting with nobody: ask, and read the answer as the person it is with."""
    if not briefed.answers:
        return _asks(briefed, "with_whom", [])
    asked = briefed.text.removesuffix("\n".join(briefed.answers)).strip()
    draft = _draft(f"{asked} {say(briefed.language, 'with')} {' '.join(briefed.answers)}", briefed)
    if draft is None:
        return _asks(briefed, "unknown", [])
    return _plan(draft.understood, [_given(step) for step in draft.steps if step.agent in agents], sure=draft.sure)


def _changed(briefed: Briefed, agents: frozenset[str]) -> dict[str, Any]:
    """The whole new plan: without what is not wanted any more, else drafted again with the change as further words."""
    unwanted = [agent for agent, said in _UNWANTED.items() if said.search(briefed.change)]
    if unwanted:
        rest = briefed.change
        for agent in unwanted:
            rest = _UNWANTED[agent].sub(" ", rest)
        steps = [dict(step) for step in briefed.current if step["agent"] not in unwanted]
        return _plan(briefed.change, steps, sure=not words(rest))
    draft = _draft(f"{briefed.text}\n{briefed.change}", briefed)
    steps = _kept([_given(step) for step in draft.steps if step.agent in agents], briefed.current) if draft else []
    if draft is None or [step["id"] for step in steps] == [step["id"] for step in briefed.current]:
        return _asks(briefed, "what_else", [])
    return _plan(draft.understood, steps, sure=draft.sure)


def _otherwise(briefed: Briefed, agents: frozenset[str]) -> dict[str, Any]:
    """Nothing the rules know: somebody may look it up, or say what it is."""
    if ASSISTANT in agents and "?" in briefed.text:
        question = " ".join(briefed.text.split())[:1_000]
        step = _step(ASSISTANT, "s1", say(briefed.language, "answer", question=question)[:120], {"question": question})
        return _plan(say(briefed.language, "looked_up"), [step], sure=True)
    if briefed.must_plan:
        return _plan(say(briefed.language, "unknown"), [], sure=False)
    return _asks(briefed, "unknown", [])


def _draft(text: str, briefed: Briefed) -> PlanDraft | None:
    try:
        return draft_plan(text, locale=briefed.language, now=briefed.now, personal=briefed.personal)
    except PlanError:
        return None


def _given(step: DraftStep) -> dict[str, Any]:
    """A drafted step as ``emit_plan`` takes it."""
    references = {
        name: {"from": binding.step} | ({"one": True} if binding.one else {}) for name, binding in step.bindings.items()
    }
    return _step(step.agent, step.id, step.title, {**step.inputs, **references}, step.after)


def _kept(steps: Sequence[dict[str, Any]], current: Sequence[JsonObject]) -> list[dict[str, Any]]:
    """The steps, under their old ids where they are the same work, under unused ones where they are not."""
    names: dict[str, str] = {}
    taken = {str(step["id"]) for step in current}
    kept: list[dict[str, Any]] = []
    for step in steps:
        renamed = {**step, "inputs": {name: _renamed(value, names) for name, value in step["inputs"].items()}}
        same = next((old for old in current if _work(old) == _work(renamed) and old["id"] not in names.values()), None)
        fresh = next(name for number in range(1, 1_000) if (name := f"n{number}") not in taken)
        names[step["id"]] = str(same["id"]) if same else fresh
        taken.add(names[step["id"]])
        kept.append({**renamed, "id": names[step["id"]]})
    return kept


def _renamed(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    reference = mapping(value)
    if "from" in reference:
        return {**reference, "from": names.get(str(reference["from"]), reference["from"])}
    return value


def _work(step: Mapping[str, Any]) -> tuple[Any, Any]:
    return step["agent"], step["inputs"]


def _nobody_named(briefed: Briefed, steps: Sequence[Mapping[str, Any]]) -> bool:
    meetings = [step for step in steps if step["agent"] == CALENDAR]
    return bool(meetings) and _MEETING.search(briefed.text) is not None and "person" not in meetings[0]["inputs"]


def _asks(briefed: Briefed, key: str, choices: Sequence[str]) -> dict[str, Any]:
    if briefed.must_plan:
        return _plan(say(briefed.language, "unknown"), [], sure=False)
    question = {"text": say(briefed.language, key), "choices": list(dict.fromkeys(choices))[-5:]}
    return {"question": question, "steps": [], "understood": "", "sure": False}


def _plan(understood: str, steps: Sequence[Mapping[str, Any]], *, sure: bool) -> dict[str, Any]:
    return {"question": None, "steps": list(steps), "understood": understood, "sure": sure}


def _step(
    agent: str, step_id: str, title: str, inputs: Mapping[str, JsonValue], after: Sequence[str] = ()
) -> dict[str, Any]:
    return {"agent": agent, "id": step_id, "title": title, "after": list(after), "inputs": dict(inputs)}


def _agents(schema: JsonObject) -> frozenset[str]:
    """The agents the tool offers: every fixed value in its schema."""
    return frozenset(_fixed(schema))


def _fixed(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if isinstance(members.get("const"), str):
            yield members["const"]
        for part in members.values():
            yield from _fixed(part)
    elif isinstance(value, list):
        for part in cast("list[Any]", value):
            yield from _fixed(part)
