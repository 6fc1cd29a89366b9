"""Where a model's answer was not used, or not wholly: codes that stand in ``problems`` and that every locale has words for."""

from __future__ import annotations

import re
from enum import StrEnum


class Shortfall(StrEnum):
    """One way in which less came of a model than was asked."""

    REFUSED = "model_refused"
    """The model declined: what is given was not written by it."""
    CUT = "model_cut"
    """Its answer reached the length limit and was discarded whole."""
    UNUSABLE = "model_unusable"
    """Twice it gave no object of the right shape, or nothing in it named a valid source."""
    AWAY = "model_away"
    """With it the step failed, and so it was done without."""
    FOUND_NOTHING = "model_found_nothing"
    """It read everything it was given and found nothing to say on the topic."""
    STATEMENTS_DROPPED = "statements_dropped"
    """Statements without a valid source, or beyond a bound, were left out."""
    LINKS_REMOVED = "links_removed"
    """Links or addresses that stand in none of the cited places were taken out."""
    EVIDENCE_LEFT_OUT = "evidence_left_out"
    """More was found than one answer may rest on."""
    TURNS_EXHAUSTED = "turns_exhausted"
    """It still wanted to look further when its turns were used up."""
    INPUTS_INVALID = "inputs_invalid"
    """It kept calling look-ups in ways that do not fit, and the search was ended."""
    CALLS_SKIPPED = "calls_skipped"
    """It wanted more look-ups at once than a turn may have."""
    RESULTS_CUT = "results_cut"
    """A look-up gave more than the model is shown."""
    NO_REMARKS = "no_remarks"
    """Nobody wrote anything else in the conversation, as far as is known here."""
    REMARKS_LEFT_OUT = "remarks_left_out"
    """Only the newest remarks of the conversation were read."""


_SAID = {
    Shortfall.REFUSED: "the model declined; this was put together without that answer.",
    Shortfall.CUT: "the model's answer was cut off and discarded; this was put together without it.",
    Shortfall.UNUSABLE: "the model gave nothing usable twice; this was put together without it.",
    Shortfall.AWAY: "the usual way failed; this was put together without the model.",
    Shortfall.FOUND_NOTHING: "the model found nothing on the topic in what was read.",
    Shortfall.STATEMENTS_DROPPED: "{count} statements without a valid source, or too many, were left out.",
    Shortfall.LINKS_REMOVED: "{count} links or addresses that stand in no cited source were removed.",
    Shortfall.EVIDENCE_LEFT_OUT: "{count} findings were too many to be considered.",
    Shortfall.TURNS_EXHAUSTED: "the search was ended after {count} turns; it may be incomplete.",
    Shortfall.INPUTS_INVALID: "the search was ended after {count} look-ups that made no sense; it may be incomplete.",
    Shortfall.CALLS_SKIPPED: "{count} look-ups beyond the limit of a turn were not made.",
    Shortfall.NO_REMARKS: "nothing else is known to have been written in this conversation.",
    Shortfall.REMARKS_LEFT_OUT: "only the newest {count} messages of the conversation were read.",
    Shortfall.RESULTS_CUT: "{count} results were too long and were shown to the model in part.",
}


_CODES = {shortfall.value: shortfall for shortfall in Shortfall}
_LINE = re.compile(r"(?P<code>[a-z_]+)(?: (?P<count>\d+))?: ")


def problem(shortfall: Shortfall, count: int = 0) -> str:
    """A line for ``problems``: the code, the count where there is one, a colon, one English sentence."""
    named = f"{shortfall.value} {count}" if count else shortfall.value
    return f"{named}: {_SAID[shortfall].format(count=count)}"


def read_problem(line: str) -> tuple[Shortfall, int] | None:
    """What :func:`problem` wrote, for whoever has words for it in other languages; None for every other line."""
    match = _LINE.match(line)
    shortfall = _CODES.get(match["code"]) if match else None
    return (shortfall, int(match["count"] or 0)) if match and shortfall else None
