"""What a card says of a step that somebody else took over, and of what is not tried again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.render.steps import StepLine, step_lines
from bot.render.texts import Texts, known_locale
from engine.domain.execution import StepError, StepOutcome
from engine.domain.ids import StepId
from engine.execution.error_recovery import quarantined
from tests.unit.render.story import NOW, snapshot

_MARKS = re.compile("[\u2068\u2069]")
MODEL = frozenset({"WeeklyStatusAgent"})


def lines(locale: str, states: str, *, stand_in: str = "", error: StepError | None = None) -> dict[str, StepLine]:
    shot = snapshot(locale, states)
    run = shot.step_runs[StepId("s3")]
    runs = {**shot.step_runs, StepId("s3"): replace(run, stand_in=stand_in, error=error or run.error)}
    shown = step_lines(
        replace(shot, step_runs=runs),
        Texts(known_locale(locale)),
        now=NOW,
        gated_agents=frozenset(),
        model_agents=MODEL,
    )
    return {line.id: line for line in shown}


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "The first way failed, and a second one took over"),
        ("he", "הדרך הראשונה לא הצליחה, והוחלפה בדרך אחרת"),
    ],
)
@pytest.mark.parametrize("states", ["++r..", "+++.."])
def test_a_step_says_that_somebody_else_took_over(locale: str, said: str, states: str) -> None:
    assert said not in lines(locale, states)["s3"].note
    assert said in _MARKS.sub("", lines(locale, states, stand_in="WeeklyStatusAgentWithoutModel")["s3"].note)


def test_a_step_that_is_done_without_the_model_does_not_say_that_it_will_cost_something() -> None:
    assert lines("en", "++r..")["s3"].thinks == "Uses the model"
    assert lines("en", "++r..", stand_in="WeeklyStatusAgentWithoutModel")["s3"].thinks == ""


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "The program broke down several times during this step, so it will not be tried again."),
        ("he", "התוכנה קרסה כמה פעמים במהלך השלב הזה, ולכן לא ייעשה בו ניסיון נוסף."),
    ],
)
def test_a_step_in_quarantine_says_why(locale: str, said: str) -> None:
    line = lines(locale, "++-..", error=quarantined(5))["s3"]
    assert (line.icon, _MARKS.sub("", line.error)) == (StepOutcome.FAILED.value, said)


@pytest.mark.parametrize("locale", ["en", "he"])
def test_an_execution_in_quarantine_has_words(locale: str) -> None:
    texts = Texts(known_locale(locale))
    assert texts.error("execution_quarantined") != texts.error("generic")
