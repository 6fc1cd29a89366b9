"""The result of an execution, composed by the engine from typed artifacts, never by a last step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
    dump,
    load,
)
from engine.domain.json import JsonObject, JsonValue
from engine.domain.snapshot import ExecutionSnapshot


def compose(snapshot: ExecutionSnapshot) -> JsonObject:
    """``{"summary", "meeting", "agenda", "sources", "artifacts"}``; see contract.md for the first four.

    Without a summary artifact, ``summary`` lists what was found in language-neutral lines; ``artifacts`` holds every
    step's artifact by step id, for surfaces that render them.
    """
    steps = snapshot.plan.steps if snapshot.plan else ()
    artifacts = [load(snapshot.artifacts[step.id]) for step in steps if step.id in snapshot.artifacts]
    return {
        "summary": _summary(artifacts),
        "meeting": next((_meeting(a) for a in reversed(artifacts) if isinstance(a, Meeting)), None),
        "agenda": next((_agenda(a) for a in artifacts if isinstance(a, Agenda)), None),
        "sources": [_source(s) for s in _sources(artifacts)],
        "artifacts": {step.id: snapshot.artifacts[step.id] for step in steps if step.id in snapshot.artifacts},
    }


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
