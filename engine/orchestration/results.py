"""The result of an execution, composed by the engine from typed artifacts, never by a last step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.domain.artifact import (
    Agenda,
    Appointments,
    Artifact,
    Contacts,
    Documents,
    Meeting,
    Person,
    Source,
    Summary,
    Undone,
    dump,
    load,
)
from engine.domain.effect import Intent
from engine.domain.execution import ExecutionOutcome
from engine.domain.ids import StepId
from engine.domain.json import JsonObject, JsonValue
from engine.domain.snapshot import ExecutionSnapshot
from engine.orchestration.account import take_account


def compose(snapshot: ExecutionSnapshot, intents: Iterable[Intent] = ()) -> JsonObject:
    """``{"summary", "meeting", "agenda", "sources", "artifacts"}``; see contract.md for the first four. Where the execution did
    not simply succeed, also its :class:`Account`: ``{"done", "not_done", "unknown"}``. A step that a change left out after its
    effect had begun, and nobody knows what came of it, is enough for that.

    Without a summary artifact, ``summary`` lists what was found in language-neutral lines; ``artifacts`` holds every
    step's artifact by step id, for surfaces that render them. What a step had already made when the plan changed and left
    it out stands in the world, and so it stands here.
    """
    succeeded = snapshot.execution.outcome is ExecutionOutcome.SUCCEEDED
    account = take_account(snapshot, intents)
    told: JsonObject = {} if succeeded and not account.unknown else account.to_json()
    steps = [step.id for step in snapshot.plan.steps if step.id in snapshot.artifacts] if snapshot.plan else []
    artifacts = [load(snapshot.artifacts[step_id]) for step_id in steps]
    outside = outside_the_plan(snapshot)
    meetings = [a for a in (*outside.values(), *artifacts) if isinstance(a, Meeting)]
    agendas = [a for a in (*artifacts, *outside.values()) if isinstance(a, Agenda)]
    return {
        "summary": _summary(artifacts),
        "meeting": _meeting(meetings[-1]) if meetings else None,
        "agenda": _agenda(agendas[0]) if agendas else None,
        "sources": [_source(s) for s in _sources(artifacts)],
        "artifacts": {step_id: snapshot.artifacts[step_id] for step_id in (*outside, *steps)},
        **told,
    }


def outside_the_plan(snapshot: ExecutionSnapshot) -> Mapping[StepId, Meeting | Agenda]:
    """What stands in the world, by steps that a change of the plan left out: meetings, and agendas that were saved."""
    plan = snapshot.plan
    if plan is None or snapshot.execution.plan_version < 2:
        return {}
    own = {step.id for step in plan.steps}
    others = {name: load(value) for name, value in snapshot.artifacts.items() if name not in own and not _brought(name)}
    return {
        name: artifact
        for name, artifact in others.items()
        if isinstance(artifact, Meeting) or (isinstance(artifact, Agenda) and artifact.path)
    }


def _brought(name: StepId) -> bool:
    """It came from an earlier execution: no step of this one made it."""
    return name.startswith("earlier_")


def _summary(artifacts: list[Artifact]) -> str:
    texts = [a.text for a in artifacts if isinstance(a, Summary)]
    return "\n\n".join(texts) if texts else "\n".join(_lines(artifacts))


def _lines(artifacts: Iterable[Artifact]) -> Iterator[str]:
    for artifact in artifacts:
        match artifact:
            case Documents():
                yield from (f"{d.title} ({d.path})" for d in artifact.items)
            case Contacts():
                yield from (_person(c.name, c.email) for c in artifact.items)
            case Person():
                yield _person(artifact.contact.name, artifact.contact.email)
            case Appointments():
                yield from (f"{e.starts.isoformat()} – {e.ends.isoformat()} {e.title}" for e in artifact.items)
            case Meeting():
                yield f"{artifact.title}: {artifact.starts.isoformat()}"
            case Agenda():
                yield artifact.title
            case Undone():
                continue  # what became of it is told in the person's language
            case Summary():
                yield artifact.text


def _person(name: str, email: str) -> str:
    return f"{name} <{email}>" if email else name


def _meeting(meeting: Meeting) -> JsonValue:
    return {key: value for key, value in dump(meeting).items() if key != "kind"}


def _agenda(agenda: Agenda) -> JsonValue:
    return {"title": agenda.title, "text": agenda.text, "path": agenda.path}


def _sources(artifacts: Iterable[Artifact]) -> list[Source]:
    found: dict[tuple[str, int | None], Source] = {}
    for artifact in artifacts:
        if isinstance(artifact, Summary):
            for source in artifact.sources:
                found.setdefault((source.path, source.line), source)
        if isinstance(artifact, Documents):
            for document in artifact.items:
                source = Source(path=document.path, line=document.line, title=document.title)
                if not any(path == document.path for path, _ in found):
                    found[document.path, document.line] = source
    return list(found.values())


def _source(source: Source) -> JsonValue:
    return {"path": source.path, "line": source.line, "title": source.title, "quote": source.quote}
