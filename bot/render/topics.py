"""The words of questions the engine itself asks, by topic: money that runs out, a model that does not answer, a follow-up.

Such a question carries no sentence: its title is an error's code or what a person wrote, its choices are ids, and its numbers
are parameters.
The planner's own question has no topic; its words are data and go past here untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.render.cost import dollars_told, percent
from bot.render.texts import Phrase, Texts, reveal, shorten

MODEL_UNAVAILABLE, OFFLINE = "model_unavailable", "offline"
"""A topic, and its choice to do without the model."""

WRITTEN_CHARACTERS = 500
"""Of what a person wrote, where it is asked about."""

_TONES = {"go_on": "primary", "again": "primary", "change": "primary", "stop": "danger"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A topic's question in one language."""

    title: str
    subject: str
    """What happened, in a sentence."""
    lead: str
    """What the answers mean."""
    short: str
    """All of it in one line, for a reply that notifies."""


def asked(topic: str, title: str, parameters: Mapping[str, str], texts: Texts) -> Asked | None:
    """The words of a topic; None for the planner's own question, and for a topic nobody here knows.

    Args:
        topic: as :attr:`engine.domain.approval.Approval.topic`.
        title: an error's code, or what a person wrote, where the topic is about one; the latter is data, and isolated.
        parameters: the topic's values; one that is missing is shown as a question mark.
        texts: the language.
    """
    match topic:
        case "budget":
            return _budget(parameters, texts)
        case "model_unavailable":
            reason = texts.error(title)
            return Asked(
                title=texts.say("topic.model_unavailable.title"),
                subject=reason,
                lead=texts.say("topic.model_unavailable.lead"),
                short=texts.say("topic.model_unavailable.short", reason=reason),
            )
        case "follow_up":
            written = shorten(reveal(title), WRITTEN_CHARACTERS)
            return Asked(
                title=texts.say("topic.follow_up.title"),
                subject=texts.say("topic.follow_up.subject", text=written),
                lead=texts.say("topic.follow_up.lead"),
                short=texts.say("topic.follow_up.short", text=written),
            )
        case "step_edit":
            return Asked(
                title=texts.say("topic.step_edit.title"),
                subject=shorten(reveal(title), WRITTEN_CHARACTERS),
                lead=texts.say("topic.step_edit.lead"),
                short=texts.say("topic.step_edit.title"),
            )
        case _:
            return None


def topic_choice(topic: str, choice: str, texts: Texts) -> Phrase | None:
    """What a topic calls one of its choices; None where it has no word for it."""
    key = f"topic.{topic}.choice.{choice}"
    return texts.say(key) if topic and texts.knows(key) else None


def choice_tone(topic: str, choice: str) -> str:
    """How the button of a choice looks: ``primary``, ``plain`` or ``danger``."""
    return _TONES.get(choice, "plain") if topic else "plain"


def _budget(parameters: Mapping[str, str], texts: Texts) -> Asked:
    scope = "day" if parameters.get("scope") == "day" else "execution"
    values = {
        "share": percent(parameters.get("share", "?")),
        "spent": dollars_told(parameters.get("spent", "?"), texts),
        "cap": dollars_told(parameters.get("cap", "?"), texts),
    }
    return Asked(
        title=texts.say("topic.budget.title"),
        subject=texts.say(f"topic.budget.{scope}", **values),
        lead=texts.say(f"topic.budget.{scope}_lead"),
        short=texts.say(f"topic.budget.{scope}_short", **values),
    )
