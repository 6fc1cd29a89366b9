"""Whatever a request, a step or the model can fail with has words of its own in both languages."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.render.model_words import finding_words
from bot.render.texts import LOCALES, Texts, catalogue
from engine.agents.shortfalls import Shortfall, problem, read_problem
from engine.errors import UnavailableError
from integrations.anthropic import models

ROOT = Path(__file__).parents[3]
MENDABLE = "Request|NotFound|NotAllowed|Conflict|Unavailable|AuthExpired|Refused|AnswerLost|Plan"
_RAISED = re.compile(rf"(?:{MENDABLE})Error\(\s*\"([a-z_]+)\"")
PROGRAMS = {"rating_invalid"}
"""Said to programs, which read the code and the detail."""
FROM_PORTS = {
    "model_unreachable", "model_overloaded", "model_broken", "model_cut", "model_stalled", "model_key_wrong",
    "model_unknown", "model_request_invalid", "model_request_too_large", "model_refused", "model_absent",
    "meeting_repeats", "meeting_not_ours", "meeting_missing", "meeting_changed", "slot_past", "slot_taken",
    "internal_error", "budget_reached",
}  # fmt: skip
"""Codes that the ports promise, or that are passed on in variables."""
_MARKS = re.compile("[\u2068\u2069]")


def raised() -> set[str]:
    """Codes of errors a person can meet, as they stand in the sources."""
    folders = [ROOT / "engine", ROOT / "integrations" / "anthropic", ROOT / "integrations" / "local_workspace"]
    sources = [path for folder in folders for path in folder.rglob("*.py")]
    return {code for path in sources for code in _RAISED.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_error_a_person_can_meet_has_words(locale: str) -> None:
    codes = (raised() | FROM_PORTS) - PROGRAMS
    assert len(codes) > 40
    assert sorted(code for code in codes if f"error.{code}" not in catalogue(locale)) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("shortfall", list(Shortfall))
def test_whatever_came_short_of_a_model_has_words(locale: str, shortfall: Shortfall) -> None:
    known = read_problem(problem(shortfall, 2))
    assert known is not None
    assert Texts(locale).say(f"shortfall.{known[0].value}", n=known[1])


def findings() -> list[str]:
    """Codes the adapter documents."""
    documented = (models.__doc__ or "").partition("Codes:")[2]
    return sorted(set(re.findall(r"``(model_\w+)``", documented)))


@pytest.mark.parametrize("code", findings())
def test_every_finding_about_the_model_has_words_and_names_what_it_is_about(code: str) -> None:
    values = {"host": "models.example", "model": "claude-x", "role": "planner", "on": "2026-11-30", "code": "529"}
    for locale in LOCALES:
        said = _MARKS.sub("", finding_words(code, values, Texts(locale)))
        assert f"model.finding.{code}" in catalogue(locale)
        assert re.search("ANTHROPIC_API_KEY|models.example|TIZMOR_PLANNER_MODEL", said), said


def test_findings_say_what_to_do() -> None:
    about = {"model": "claude-sonnet-4-5", "role": "agent", "on": "2026-11-30"}
    assert _MARKS.sub("", finding_words("model_retiring", about, Texts("en"))) == (
        "The model claude-sonnet-4-5 ends on 2026-11-30. Set TIZMOR_AGENT_MODEL to another one before that."
    )
    assert _MARKS.sub("", finding_words("model_retiring", about, Texts("he"))) == (
        "המודל claude-sonnet-4-5 יצא משימוש ב־2026-11-30. כדאי לבחור לפני כן מודל אחר ב־TIZMOR_AGENT_MODEL."
    )
    assert _MARKS.sub("", finding_words("model_retiring", {**about, "on": ""}, Texts("en"))) == (
        "The model claude-sonnet-4-5 will be retired. Set TIZMOR_AGENT_MODEL to another one in time."
    )
    assert "no_such_code" in finding_words("no_such_code", {"host": "h"}, Texts("en"))


def test_an_error_with_a_time_to_wait_is_said_by_its_code() -> None:
    error = UnavailableError("model_overloaded", "529", retry_after=timedelta(seconds=7))
    assert Texts("en").error(error.code) == "The language model has too much to do at the moment."
