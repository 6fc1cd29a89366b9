"""Of a long plan, what matters now is shown."""

from __future__ import annotations

from bot.parts.steps import MOST_SHOWN, came_of_it, shown_steps, titled, waits
from tests.unit.parts.made import step


def test_of_a_long_plan_that_is_over_the_last_steps_are_shown() -> None:
    steps = tuple(step(n, "succeeded") for n in range(1, 41))
    assert [made.number for made in shown_steps(steps)] == list(range(26, 41))


def test_what_runs_waits_or_failed_goes_before_what_comes_next_and_that_before_what_ended() -> None:
    icons = ["succeeded"] * 40 + ["failed"] + ["succeeded"] * 5 + ["running", "asking"] + ["pending"] * 30
    shown = shown_steps(tuple(step(n, icon) for n, icon in enumerate(icons, 1)))
    assert len(shown) == MOST_SHOWN
    assert [made.number for made in shown] == [41, 47, 48, *range(49, 61)]


def test_a_step_that_waits_says_what_for_and_one_that_ended_what_came_of_it() -> None:
    pending, done = step(1, "pending"), step(2, "succeeded")
    assert (titled(pending), waits(pending)) == ("1. t", "after 1 · ✏️ a · ✨ m")
    assert came_of_it(done) == "n · e · d · 2 s · c"
    assert "2 s" not in came_of_it(step(3, "running"))
