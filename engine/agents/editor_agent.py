"""Writes the agenda of a meeting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from pydantic import BaseModel, TypeAdapter, ValidationError

from engine.agents.agenda import compose
from engine.agents.agenda_writing import agenda_evidence, agenda_question, check_agenda, written
from engine.agents.inputs import EditorInputs
from engine.agents.office_tools import SAVE_AGENDA
from engine.agents.quarantine import Answered, Kept, ask_bound
from engine.agents.quoting import one_line
from engine.agents.shortfalls import Shortfall, problem
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Agenda, Source
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.errors import InternalError, WithheldError
from engine.ports.agents import StepContext

_SPEC = AgentSpec(
    name="EditorAgent",
    version="2",
    skill=(
        "Writes and saves a meeting's agenda, with minutes per item and sources, from its title, its topic and a summary"
        " of what was read (סדר יום, אג'נדה)."
    ),
    inputs=EditorInputs,
    output="agenda",
    effect=Effect.KEYED,
    tools=frozenset({SAVE_AGENDA}),
    ends_with_effect=True,
    uses_model=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What is saved: the model's answers while it is asked, then what was composed."""

    text: str = ""
    sources: tuple[Source, ...] | None = None
    """None with a text: another version composed it, and they have to be found again."""
    problems: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()


_SAVED = TypeAdapter(_Draft)


class EditorAgent:
    """Composes once and saves; what was composed is kept, so that a repeated save carries the same text.

    A model is asked in one call without tools. Where nothing usable comes of it, the agenda is the one without a model,
    and ``problems`` says why.
    """

    @property
    def spec(self) -> AgentSpec:
        """Writes through ``save_agenda`` only; ``agenda``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Agenda:
        """Compose from the inputs and the messages to the editor, save, give the saved agenda with its sources.

        A message that arrives after the first attempt composed is not taken in: the text under a key must not change.

        Raises:
            UnavailableError: the model may work later; the next attempt goes on where this one stopped.
        """
        wanted = typed(inputs, EditorInputs)
        title = one_line(wanted.title, 300)
        draft = _resumed(context.saved)
        if not draft.text or draft.sources is None:
            messages = [message.text for message in await context.messages()]
            draft = await _composed(wanted, title, messages, draft, context)
            await context.checkpoint(_SAVED.dump_python(draft, mode="json"))
        sources = draft.sources or ()
        try:
            agenda = await context.call(SAVE_AGENDA, {"title": title, "text": draft.text})
        except WithheldError:
            agenda = Agenda(title=title, text=draft.text)
        if not isinstance(agenda, Agenda):
            raise InternalError("artifact_mistyped", f"{SAVE_AGENDA} gave {type(agenda).__name__}.")
        return replace(agenda, sources=sources, problems=draft.problems)


async def _composed(
    wanted: EditorInputs, title: str, messages: Sequence[str], draft: _Draft, context: StepContext
) -> _Draft:
    reason = ""
    if context.has_model and not draft.text:
        answer = await _asked(wanted, title, messages, draft, context)
        if isinstance(answer, _Draft):
            return answer
        reason = problem(answer)
    text, sources = compose(title, wanted.topic, wanted.summary, messages, context.request.locale)
    return _Draft(text=draft.text or text, sources=sources, problems=(reason,) if reason else ())


async def _asked(
    wanted: EditorInputs, title: str, messages: Sequence[str], draft: _Draft, context: StepContext
) -> _Draft | Shortfall:
    locale = context.request.locale
    await context.progress(wording(locale).writing_agenda)

    async def keep(answers: tuple[Answered, ...]) -> None:
        await context.checkpoint(_SAVED.dump_python(replace(draft, answers=answers), mode="json"))

    evidence = agenda_evidence(wanted.summary, messages)
    request = agenda_question(title, wanted.topic, wanted.summary, evidence, context)
    check = partial(check_agenda, evidence=evidence, own=(title, wanted.topic))
    planned = await ask_bound(context, request, check, Kept(answers=draft.answers, keep=keep))
    if isinstance(planned, Shortfall):
        return planned
    text, sources = written(title, wanted.topic, planned, evidence, locale)
    return _Draft(text=text, sources=sources, problems=planned.problems)


def _resumed(saved: JsonObject | None) -> _Draft:
    """What was kept; what cannot be understood is composed again."""
    try:
        return _SAVED.validate_python(saved or {})
    except ValidationError:
        return _Draft()
