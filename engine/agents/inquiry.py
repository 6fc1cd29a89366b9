"""How far an assisting model has come: its turns and what its look-ups gave, as they are kept and told back to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from engine.agents.evidence import Evidence, as_data, rows
from engine.agents.lookups import Found
from engine.agents.quarantine import DISCARDED, Answered
from engine.agents.shortfalls import Shortfall, problem
from engine.domain.json import JsonObject, canonical
from engine.ports.language_model import Message, ModelAnswer, Opaque, StopReason, Text, ToolResult, ToolUse

MAX_TURNS = 12
MAX_USES = 4
"""Look-ups of one turn."""
MAX_INVALID = 2
"""Inputs that do not fit and are told back; one more ends the search."""
MAX_RESULT_CHARACTERS = 4_000
_QUOTE_CHARACTERS = 200

TurnPart = Text | ToolUse | Opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one look-up gave."""

    tool_use_id: str
    text: str
    """As the model is shown it, at most ``MAX_RESULT_CHARACTERS``."""
    failed: bool = False
    """The input did not fit, or the call was one too many."""
    skipped: bool = False
    """One too many."""
    cut: bool = False
    """The model was shown a part."""
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of the model, kept before its look-ups run, and their results, each kept as it comes."""

    parts: tuple[TurnPart, ...]
    """Empty where the answer was discarded."""
    stop: StopReason
    model: str = ""
    prompt: str = ""
    results: tuple[Result, ...] = ()
    reading: tuple[Answered, ...] = ()
    """Answers within the look-up under way."""

    @property
    def uses(self) -> tuple[ToolUse, ...]:
        """The look-ups it wants, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolUse))

    @property
    def next_use(self) -> ToolUse | None:
        """The first one that has no result yet."""
        return self.uses[len(self.results)] if len(self.results) < len(self.uses) else None

    def with_result(self, result: Result) -> Turn:
        """The turn with one more result."""
        return replace(self, results=(*self.results, result), reading=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Everything so far; equal states ask equal questions."""

    given: tuple[Evidence, ...] = ()
    """Known before the first turn."""
    turns: tuple[Turn, ...] = ()
    answers: tuple[Answered, ...] = ()
    """To the last call, which writes the answer."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All there is, each piece once; its place never changes, so that its number never does."""
        found = (piece for result in self._results for piece in result.evidence)
        return tuple(dict.fromkeys((*self.given, *found)))

    @property
    def over(self) -> bool:
        """Is there nothing more to run or to ask?"""
        if not self.turns:
            return False
        last = self.turns[-1]
        if last.next_use is not None:
            return False
        return not last.uses or len(self.turns) >= MAX_TURNS or self._invalid > MAX_INVALID

    @property
    def problems(self) -> tuple[str, ...]:
        """Which bounds were reached, and what the look-ups could not do."""
        results = self._results
        skipped, cut = sum(result.skipped for result in results), sum(result.cut for result in results)
        counted = ((Shortfall.CALLS_SKIPPED, skipped), (Shortfall.RESULTS_CUT, cut))
        found = (line for result in results for line in result.problems)
        return (*self._ending, *(problem(shortfall, count) for shortfall, count in counted if count), *found)

    @property
    def read(self) -> int:
        """How many documents were read."""
        return len({path for result in self._results for path in result.read})

    def messages(self, opening: Message) -> tuple[Message, ...]:
        """The conversation so far, every look-up answered."""
        told = [opening]
        for turn in self.turns:
            told.append(Message(role="assistant", parts=turn.parts))
            told.append(Message(role="user", parts=tuple(_told(result) for result in turn.results)))
        return tuple(told)

    def with_turn(self, turn: Turn) -> Inquiry:
        """With one more turn."""
        return replace(self, turns=(*self.turns, turn))

    def with_last(self, turn: Turn) -> Inquiry:
        """With the last turn as it is now."""
        return replace(self, turns=(*self.turns[:-1], turn))

    @property
    def _results(self) -> tuple[Result, ...]:
        return tuple(result for turn in self.turns for result in turn.results)

    @property
    def _invalid(self) -> int:
        return sum(result.failed and not result.skipped for result in self._results)

    @property
    def _ending(self) -> tuple[str, ...]:
        """Why the search ended, where the model did not end it."""
        if not self.turns:
            return ()
        last = self.turns[-1]
        if last.stop in DISCARDED:
            return (problem(DISCARDED[last.stop]),)
        if self._invalid > MAX_INVALID:
            return (problem(Shortfall.INPUTS_INVALID, self._invalid),)
        return (problem(Shortfall.TURNS_EXHAUSTED, len(self.turns)),) if last.uses else ()


_SAVED = TypeAdapter(Inquiry)


def saved(inquiry: Inquiry) -> JsonObject:
    """As it goes into a checkpoint."""
    value: JsonObject = _SAVED.dump_python(inquiry, mode="json")
    return value


def resumed(value: JsonObject | None, given: tuple[Evidence, ...]) -> Inquiry:
    """From a checkpoint; begun anew where there is none, or one that cannot be understood or began with something else."""
    try:
        inquiry = _SAVED.validate_python(value or {})
    except ValidationError:
        return Inquiry(given=given)
    return inquiry if inquiry.given == given else Inquiry(given=given)


def turn_of(answer: ModelAnswer, prompt: str) -> Turn:
    """What is kept of an answer; of one that was refused or cut, only that it was."""
    parts = tuple(part for part in answer.parts if not isinstance(part, ToolResult))
    kept = () if answer.stop in DISCARDED else parts
    return Turn(parts=kept, stop=answer.stop, model=answer.model, prompt=prompt)


def result_of(use: ToolUse, found: Found, known: Sequence[Evidence]) -> Result:
    """A look-up's result: statements first, then what there is by number, as much as fits.

    Args:
        use: what was wanted.
        found: what came.
        known: the evidence before it.
    """
    numbered = {piece: n for n, piece in enumerate(dict.fromkeys((*known, *found.evidence)), start=1)}
    said: list[JsonObject] = [
        {"says": each.text, "from": sorted(numbered[piece] for piece in each.rests_on)} for each in found.said
    ]
    pieces = rows(((numbered[piece], piece) for piece in dict.fromkeys(found.evidence)), _QUOTE_CHARACTERS)
    everything: list[JsonObject] = [*said, *pieces, *({"problem": line[:300]} for line in found.problems)]
    shown = _fitting(everything)
    left = len(everything) - len(shown)
    text = as_data("found", [*shown, {"left_out": left}] if left else shown)
    return Result(
        tool_use_id=use.id,
        text=text,
        cut=left > 0,
        evidence=found.evidence,
        problems=found.problems,
        read=found.read,
    )


def failure(use: ToolUse, reason: str, *, skipped: bool = False) -> Result:
    """A look-up that was not made."""
    return Result(tool_use_id=use.id, text=reason[:500], failed=True, skipped=skipped)


def _fitting(values: Sequence[JsonObject]) -> list[JsonObject]:
    room = MAX_RESULT_CHARACTERS - 100
    shown: list[JsonObject] = []
    for value in values:
        # What as_data writes for it, line break included.
        room -= len(canonical(value)) + 5 * canonical(value).count("<") + 1
        if room < 0:
            break
        shown.append(value)
    return shown


def _told(result: Result) -> ToolResult:
    return ToolResult(tool_use_id=result.tool_use_id, text=result.text, failed=result.failed)
