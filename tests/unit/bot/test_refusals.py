"""Whoever comes second learns who was first; whoever was first themselves is not told of somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.refusals import Refusals
from bot.render.texts import LOCALES, Texts, bare
from engine.errors import ConflictError, NotFoundError, TizmorError
from tests.unit.bot.linked import town


def decided(own: str = "") -> ConflictError:
    when = "2026-11-23T08:00:00+00:00"
    told = {"who": "paper:dana", "when": when, "status": "approved", "own": own}
    return ConflictError("already_decided", "Approval a was already approved.", told)


async def test_the_second_to_decide_learns_who_was_first(tmp_path: Path) -> None:
    async with town(tmp_path) as at:
        await at.add("paper:dana")
        words = bare(await Refusals(at.people).words(decided(), Texts("en")))
        assert words.startswith("Dana was first: already decided (approved)")


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_person_is_told_that_they_answered_it_themselves(tmp_path: Path, locale: str) -> None:
    async with town(tmp_path) as at:
        await at.add("paper:dana")
        words = bare(await Refusals(at.people).words(decided("yes"), Texts(locale, "Asia/Jerusalem")))
        assert words.startswith({"en": "You had answered that already: approved", "he": "כבר ענית על זה: אושר"}[locale])
        assert "10:00" in words
        assert "Dana" not in words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotFoundError("step_unknown", "No such step."), "That step has changed meanwhile."),
        (NotFoundError("version_unknown", "No such version."), "There is no such version of the plan."),
        (ConflictError("plan_empty", "Nothing is left."), "Nothing would be left of the plan, so it stays"),
        (NotFoundError("approval_unknown", "No such approval."), "Only whoever asked"),
    ],
    ids=lambda value: value.code if isinstance(value, TizmorError) else "",
)
async def test_what_stands_against_a_button_of_a_plan_is_said_of_the_plan(
    tmp_path: Path, error: TizmorError, words: str
) -> None:
    async with town(tmp_path) as at:
        assert (await Refusals(at.people).words(error, Texts("en"))).startswith(words)
